# Reference numbers for the brute-force functions, from R's survival, cmprsk and riskRegression.
# Debian: apt-get install r-cran-survival r-cran-cmprsk r-cran-kmsurv r-cran-riskregression
# Run from the repository root:
#   Rscript tests/reference/copelan1991.R > tests/reference/copelan1991_r.json
suppressPackageStartupMessages({
  library(survival)
  library(cmprsk)
  library(KMsurv)
  library(riskRegression)
})
data(bmt, package = "KMsurv")

# --- printing -----------------------------------------------------------------------------------
json <- function(x) {
  if (is.list(x)) {
    keys <- names(x)
    body <- vapply(seq_along(x), function(k) paste0('"', keys[k], '": ', json(x[[k]])), "")
    return(paste0("{\n", paste(body, collapse = ",\n"), "\n}"))
  }
  if (is.character(x)) return(paste0('"', x, '"'))
  text <- ifelse(is.na(x), "null", sprintf("%.17g", x))
  if (length(x) == 1) text else paste0("[", paste(text, collapse = ", "), "]")
}

# --- estimates ----------------------------------------------------------------------------------
# Censoring curve just before day t. Doubled times put the censorings of a day after its events;
# all of day s is then at 2s or 2s + 1, below 2t exactly when s < t.
censoring_before <- function(event, duration, t) {
  fit <- survfit(Surv(2 * duration + (event == 0), event == 0) ~ 1)
  summary(fit, times = 2 * t, extend = TRUE)$surv
}

incidence_survival <- function(event, duration, horizons) {
  if (any(event == 2)) {
    fit <- survfit(Surv(duration, factor(event, 0:2)) ~ 1)
    state <- which(fit$states == "1")
    summary(fit, times = horizons, extend = TRUE)$pstate[, state]
  } else {
    1 - summary(survfit(Surv(duration, event) ~ 1), times = horizons, extend = TRUE)$surv
  }
}

incidence_cmprsk <- function(event, duration, horizons) {
  as.vector(timepoints(cuminc(duration, event), horizons)$est["1 1", ])
}

weights_by_hand <- function(event, duration, t, clip = 0.05) {
  known <- (event != 0 & duration <= t) | duration >= t
  g <- vapply(pmin(duration, t), function(u) censoring_before(event, duration, u), 0)
  ifelse(known, 1 / pmax(g, clip), 0)
}

brier_by_hand <- function(event, duration, risk, t) {
  w <- weights_by_hand(event, duration, t)
  sum(w * ((event == 1 & duration <= t) - risk)^2) / length(event)
}

auc_by_hand <- function(event, duration, risk, t) {
  w <- weights_by_hand(event, duration, t)
  case <- event == 1 & duration <= t
  score <- outer(risk[case], risk[!case], ">") + 0.5 * outer(risk[case], risk[!case], "==")
  both <- outer(w[case], w[!case])
  sum(both * score) / sum(both)
}

# riskRegression weighs survivors by G(t), not G(t-), so it agrees only on days without a censoring.
score_package <- function(event, duration, risk, t) {
  if (any(event == 0 & duration == t)) return(list(auc = NA_real_, brier = NA_real_))
  data <- data.frame(event = event, duration = duration)
  formula <- if (any(event == 2)) Hist(duration, event) ~ 1 else Surv(duration, event) ~ 1
  out <- suppressMessages(Score(
    list(m = risk), formula, data,
    times = t, cause = 1, metrics = c("auc", "brier"),
    null.model = FALSE, se.fit = FALSE, cens.model = "km", cens.method = "ipcw"
  ))
  list(auc = out$AUC$score$AUC, brier = out$Brier$score$Brier)
}

case_study <- function(event, duration, risk, horizons) {
  package <- lapply(horizons, function(t) score_package(event, duration, risk, t))
  list(
    horizons = horizons,
    event = event,
    duration = duration,
    incidence_survival = incidence_survival(event, duration, horizons),
    incidence_cmprsk = incidence_cmprsk(event, duration, horizons),
    censoring_before = vapply(horizons, function(t) censoring_before(event, duration, t), 0),
    weight_sum = vapply(horizons, function(t) sum(weights_by_hand(event, duration, t)), 0),
    weight_square_sum = vapply(horizons, function(t) sum(weights_by_hand(event, duration, t)^2), 0),
    brier = vapply(horizons, function(t) brier_by_hand(event, duration, risk, t), 0),
    auc = vapply(horizons, function(t) auc_by_hand(event, duration, risk, t), 0),
    brier_riskregression = vapply(package, function(p) p$brier, 0),
    auc_riskregression = vapply(package, function(p) p$auc, 0)
  )
}

# --- Copelan et al. 1991: the first event counts; the event of interest, then death, then the end ---
first_event <- function(flag, time) {
  happened <- flag == 1 & time <= bmt$t1
  list(event = ifelse(happened, 1, 2 * bmt$d1), duration = ifelse(happened, time, bmt$t1))
}
relapsed <- bmt$d2 == 1 & bmt$t2 <= bmt$t1
endpoints <- list(
  acute_gvhd = first_event(bmt$da, bmt$ta),
  chronic_gvhd = first_event(bmt$dc, bmt$tc),
  platelet_recovery = first_event(bmt$dp, bmt$tp),
  relapse = first_event(bmt$d2, bmt$t2),
  non_relapse_mortality = list(
    event = ifelse(relapsed, 2, bmt$d1), duration = ifelse(relapsed, bmt$t2, bmt$t1)
  ),
  death = list(event = bmt$d1, duration = bmt$t1)
)
horizons <- list(
  acute_gvhd = c(30, 60, 100),
  chronic_gvhd = c(180, 365, 730),
  platelet_recovery = c(20, 28, 60, 100),
  relapse = c(100, 365, 730, 1000, 1470, 1850),
  non_relapse_mortality = c(100, 365, 730, 1000, 1470, 1850),
  death = c(100, 365, 730, 1000, 1470, 1850)
)
# A made-up risk with many ties: nobody's prediction, but a function of age and risk group.
bmt_risk <- (bmt$z1 %/% 5 + 3 * bmt$group) / 25
copelan <- lapply(names(endpoints), function(name) {
  case_study(endpoints[[name]]$event, endpoints[[name]]$duration, bmt_risk, horizons[[name]])
})
names(copelan) <- names(endpoints)

# --- 211 made-up subjects: many ties, censoring from day 1 on ------------------------------------
k <- 1:211
tied_risk <- ((k * 37 + k * k) %% 23) / 23
tied <- case_study(
  event = c(0, 1, 2, 1, 0, 2, 1)[1 + (k * k + 3 * k) %% 7],
  duration = 1 + (k * k * 5 + 11 * k) %% 41,
  risk = tied_risk,
  horizons = c(1, 5, 10.5, 15, 20.5, 30, 35.5)
)

cat(json(list(
  versions = list(
    R = paste(R.version$major, R.version$minor, sep = "."),
    survival = as.character(packageVersion("survival")),
    cmprsk = as.character(packageVersion("cmprsk")),
    KMsurv = as.character(packageVersion("KMsurv")),
    riskRegression = as.character(packageVersion("riskRegression"))
  ),
  bmt = lapply(bmt, as.numeric),
  bmt_risk = bmt_risk,
  copelan1991 = copelan,
  tied_risk = tied_risk,
  tied = tied
)), "\n", sep = "")
