# Reference numbers for the scores of hscrisk.metrics: riskRegression's AUC, Brier score and IPA with
# their standard errors, and a weighted recalibration by glm.
# Debian: apt-get install r-cran-riskregression r-cran-survival
# Run from the repository root: Rscript tests/reference/scores.R > tests/reference/scores_r.json
#
# Whoever is censored on day t counts here as followed through day t, and an event of day t comes
# before it; riskRegression counts T > t. Half a day added to censored times says the same to it.
suppressPackageStartupMessages({
  library(survival)
  library(riskRegression)
})
set.seed(20260301)

draw <- function(n, censoring, ties, competing) {
  lp <- rnorm(n)
  first <- rexp(n, exp(0.8 * lp) / 300)
  second <- if (competing) rexp(n, 1 / 500) else rep(Inf, n)
  lost <- rexp(n, 1 / censoring)
  day <- ceiling(pmin(first, second, lost) / ties) * ties
  event <- ifelse(lost < pmin(first, second), 0, ifelse(first < second, 1, 2))
  list(event = event, day = day, risk = round(plogis(-0.6 + 1.3 * lp), 3))
}

# glm's default stops at a relative change of 1e-8.
recalibrated <- function(target, weight, x) {
  exact <- glm.control(epsilon = 1e-14, maxit = 100)
  how <- quasibinomial()
  shift <- glm(target ~ 1, offset = x, weights = weight, family = how, control = exact)
  line <- glm(target ~ x, weights = weight, family = how, control = exact)
  c(coef(shift)[[1]], coef(line)[[2]])
}

g_before <- function(event, day, times) {
  fit <- survfit(Surv(day + 0.5 * (event == 0), event == 0) ~ 1)
  # One time after another: summary() would sort them.
  vapply(times, function(t) summary(fit, times = t, extend = TRUE)$surv, 0)
}

case_of <- function(data, horizons) {
  shifted <- data.frame(event = data$event, duration = data$day + 0.5 * (data$event == 0))
  hist <- if (any(data$event == 2)) Hist(duration, event) ~ 1 else Surv(duration, event) ~ 1
  out <- lapply(horizons, function(t) {
    s <- suppressMessages(Score(list(m = data$risk), hist, shifted, times = t, cause = 1,
      metrics = c("auc", "brier"), summary = "ipa", null.model = TRUE, se.fit = TRUE,
      conservative = FALSE, cens.model = "km", cens.method = "ipcw", contrasts = FALSE))
    brier <- as.data.frame(s$Brier$score)
    auc <- as.data.frame(s$AUC$score)
    m <- brier[brier$model == "m", ]
    null <- brier[brier$model == "Null model", ]
    known <- (data$event != 0 & data$day <= t) | data$day >= t
    weight <- 1 / g_before(data$event, data$day, pmin(data$day, t))
    target <- as.numeric(data$event == 1 & data$day <= t)
    cal <- recalibrated(target[known], weight[known], qlogis(data$risk[known]))
    observed <- if (any(data$event == 2)) {
      fit <- survfit(Surv(data$day, factor(data$event, 0:2)) ~ 1)
      summary(fit, times = t, extend = TRUE)$pstate[, 2]
    } else {
      1 - summary(survfit(Surv(data$day, data$event) ~ 1), times = t, extend = TRUE)$surv
    }
    c(auc$AUC[1], auc$se[1], m$Brier, m$se, 1 - m$Brier / null$Brier,
      observed / mean(data$risk), cal)
  })
  rows <- do.call(rbind, out)
  colnames(rows) <- c("auc", "auc_se", "brier", "brier_se", "ipa", "oe_ratio", "intercept", "slope")
  c(data, list(horizons = horizons), as.list(as.data.frame(rows)))
}

cases <- list(
  case_of(draw(150, 900, 1, TRUE), c(100, 250)),
  case_of(draw(200, 300, 7, TRUE), c(98, 200.5, 350)),
  case_of(draw(200, 500, 50, TRUE), c(100, 300)),
  case_of(draw(250, 400, 1, FALSE), c(90, 365)),
  case_of(draw(400, 350, 3, TRUE), c(60, 180, 365)),
  case_of(draw(120, 1e9, 10, TRUE), c(100, 200))
)
number <- function(x) paste0("[", paste(sprintf("%.15g", x), collapse = ", "), "]")
body <- sapply(cases, function(case) paste0(
  "  {", paste(sprintf("\"%s\": %s", names(case), sapply(case, number)), collapse = ",\n   "), "}"))
version <- function(package) sprintf("\"%s\": \"%s\"", package, as.character(packageVersion(package)))
cat("{\"versions\": {\"R\": \"", as.character(getRversion()), "\", ", version("survival"), ", ",
    version("riskRegression"), "},\n \"cases\": [\n", paste(body, collapse = ",\n"), "\n]}\n", sep = "")
