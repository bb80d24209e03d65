# Reference numbers for Wolbers' C, the calibration curve with ICI, E50 and E90, and net benefit of
# hscrisk.metrics: pec::cindex, rms's spline terms in a weighted glm, and R's own quantiles; weights
# from survival::survfit.
# Debian: apt-get install r-cran-pec r-cran-rms r-cran-survival
# Run from the repository root:
#   Rscript tests/reference/rank_and_curve.R > tests/reference/rank_and_curve_r.json
#
# Whoever is censored on day t counts here as followed through day t, and an event of day t comes
# before it; pec orders by time alone. Half a day added to censored times says the same to it. It
# compares a case with a competing event of the very same day only by the order of the rows, so
# competing events move a quarter of a day ahead; ties of two cases are left out.
suppressPackageStartupMessages({
  library(survival)
  library(pec)
  library(rms)
})
set.seed(20260401)

draw <- function(n, censoring, ties, competing) {
  lp <- rnorm(n)
  first <- rexp(n, exp(0.8 * lp) / 300)
  second <- if (competing) rexp(n, 1 / 500) else rep(Inf, n)
  lost <- rexp(n, 1 / censoring)
  day <- ceiling(pmin(first, second, lost) / ties) * ties
  event <- ifelse(lost < pmin(first, second), 0, ifelse(first < second, 1, 2))
  list(event = event, day = day, risk = round(plogis(-0.6 + 1.3 * lp), 2))
}

g_before <- function(event, day, times) {
  fit <- survfit(Surv(day + 0.5 * (event == 0), event == 0) ~ 1)
  # One time after another: summary() would sort them.
  vapply(times, function(t) summary(fit, times = t, extend = TRUE)$surv, 0)
}

wolbers <- function(data, t) {
  time <- data$day + 0.5 * (data$event == 0) - 0.25 * (data$event == 2)
  frame <- data.frame(time = time, event = data$event)
  competing <- any(data$event == 2)
  formula <- if (competing) Hist(time, event) ~ 1 else Surv(time, event) ~ 1
  # Without competing events pec is given the chance to be free of the event.
  given <- if (competing) data$risk else 1 - data$risk
  found <- suppressMessages(cindex(list(m = matrix(given)), formula, frame, eval.times = t + 0.4,
    pred.times = t, cause = 1, tiedPredictionsIn = TRUE, tiedOutcomeIn = FALSE,
    tiedMatchIn = FALSE, verbose = FALSE))
  found$AppCindex$m
}

# glm's default stops at a relative change of 1e-8.
smoothed <- function(target, weight, risk, known) {
  x <- qlogis(risk)
  knots <- quantile(x, c(0.1, 0.5, 0.9))
  terms <- rcspline.eval(x, knots = knots, inclx = TRUE)
  frame <- data.frame(target = target, a = terms[, 1], b = terms[, 2])
  fit <- glm(target ~ a + b, weights = weight, family = quasibinomial(), data = frame,
    subset = known, control = glm.control(epsilon = 1e-14, maxit = 100))
  predict(fit, newdata = frame, type = "response")
}

thresholds <- c(0.1, 0.25, 0.5)

case_of <- function(data, horizons) {
  rows <- lapply(horizons, function(t) {
    known <- (data$event != 0 & data$day <= t) | data$day >= t
    weight <- known / g_before(data$event, data$day, pmin(data$day, t))
    target <- as.numeric(data$event == 1 & data$day <= t)
    curve <- smoothed(target, weight, data$risk, known)
    off <- abs(curve - data$risk)
    benefit <- vapply(thresholds, function(at) {
      treated <- data$risk >= at
      true <- sum(weight * target * treated)
      false <- sum(weight * (1 - target) * treated)
      (true - false * at / (1 - at)) / length(target)
    }, 0)
    at <- order(data$risk)[round(length(data$risk) * c(0.1, 0.5, 0.9))]
    c(wolbers(data, t), mean(off), quantile(off, c(0.5, 0.9)), benefit, data$risk[at], curve[at])
  })
  rows <- do.call(rbind, rows)
  colnames(rows) <- c("wolbers_c", "ici", "e50", "e90", paste0("benefit_", 1:3),
    paste0("at_", 1:3), paste0("curve_", 1:3))
  c(data, list(horizons = horizons, thresholds = thresholds), as.list(as.data.frame(rows)))
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
    version("pec"), ", ", version("rms"), "},\n \"cases\": [\n", paste(body, collapse = ",\n"),
    "\n]}\n", sep = "")
