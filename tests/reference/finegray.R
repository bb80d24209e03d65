# Regressions on the subdistribution hazard with ties, by R's survival (finegray, coxph) and cmprsk (crr).
# Run from tests/reference: Rscript finegray.R > finegray_r.json
suppressMessages({library(survival); library(cmprsk)})
set.seed(8)
tight <- coxph.control(eps = 1e-14, toler.chol = 1e-15, iter.max = 100)
cases <- lapply(1:6, function(k) {
  n <- c(60, 90, 120, 200, 300, 500)[k]
  days <- c(6, 12, 30, 40, 200, 15)[k]
  x <- cbind(a = round(rnorm(n), 2), b = rbinom(n, 1, .4), c = round(runif(n), 1))
  u <- exp(.6 * x[, 1] - .4 * x[, 2])
  cause <- 1 + rbinom(n, 1, 1 / (1 + u))
  happens <- pmin(days, ceiling(rexp(n, (.3 + u) / days) * 1.5))
  # Censored on the days of events; between them in cases 3 and 4; nobody in case 6.
  lost <- ceiling(runif(n, 0, 2 * days)) + ifelse(k %in% 3:4, .5, 0)
  if (k == 6) lost <- rep(Inf, n)
  event <- ifelse(happens <= lost, cause, 0)
  day <- pmin(happens, lost)
  d <- data.frame(day, x, state = factor(event, 0:2))
  new <- rbind(c(0, 0, 0), c(1.5, 1, .3), c(-1.2, 0, .9))
  colnames(new) <- colnames(x)
  at <- as.numeric(unique(quantile(day, c(.1, .4, .7, .9), type = 1)))
  long <- finegray(Surv(day, state) ~ ., data = d, etype = "1")
  one <- function(ties) {
    fit <- coxph(Surv(fgstart, fgstop, fgstatus) ~ a + b + c, weights = fgwt, data = long,
                 ties = ties, control = tight)
    curve <- summary(survfit(fit, newdata = as.data.frame(new)), times = at, extend = TRUE)
    list(coef(fit), as.vector(t(1 - curve$surv)))
  }
  efron <- one("efron"); breslow <- one("breslow")
  theirs <- crr(day, event, x, failcode = 1, cencode = 0, gtol = 1e-12, maxiter = 100)
  curve <- predict(theirs, cov1 = new)
  stairs <- sapply(1:3, function(j) approx(c(0, curve[, 1]), c(0, curve[, j + 1]), at, "constant", rule = 2)$y)
  list(event = event, day = day, a = x[, 1], b = x[, 2], c = x[, 3], at = at,
       new_a = new[, 1], new_b = new[, 2], new_c = new[, 3],
       coef_efron = efron[[1]], risk_efron = efron[[2]],
       coef_breslow = breslow[[1]], risk_breslow = breslow[[2]],
       coef_crr = theirs$coef, risk_crr = as.vector(stairs))
})
number <- function(x) paste0("[", paste(trimws(formatC(as.numeric(x), digits = 15, format = "g")), collapse = ", "), "]")
body <- sapply(cases, function(case) paste0(
  "  {", paste(sprintf("\"%s\": %s", names(case), sapply(case, number)), collapse = ",\n   "), "}"))
cat("{\"R\": \"", as.character(getRversion()), "\", \"survival\": \"", as.character(packageVersion("survival")),
    "\", \"cmprsk\": \"", as.character(packageVersion("cmprsk")),
    "\",\n \"cases\": [\n", paste(body, collapse = ",\n"), "\n]}\n", sep = "")
