# Cox regressions with ties, and the incidences that they combine to, by R's survival and riskRegression.
# Run from tests/reference: Rscript cox.R > cox_r.json
suppressMessages({library(survival); library(riskRegression); library(prodlim)})
set.seed(7)
tight <- coxph.control(eps = 1e-14, toler.chol = 1e-15, iter.max = 100)
cases <- lapply(1:6, function(k) {
  n <- c(60, 90, 120, 200, 300, 500)[k]
  days <- c(6, 12, 30, 40, 200, 15)[k]
  censored <- c(.2, .3, .4, .1, .3, 0)[k]
  x <- cbind(a = round(rnorm(n), 2), b = rbinom(n, 1, .4), c = round(runif(n), 1))
  u <- exp(.6 * x[, 1] - .4 * x[, 2])
  event <- ifelse(runif(n) < censored, 0, 1 + rbinom(n, 1, 1 / (1 + u)))
  day <- ceiling(rexp(n, (.3 + u) / days))
  d <- data.frame(event, day, x)
  new <- rbind(c(0, 0, 0), c(1.5, 1, .3), c(-1.2, 0, .9))
  colnames(new) <- colnames(x)
  new <- as.data.frame(new)
  at <- as.numeric(unique(quantile(day, c(.1, .3, .5, .7), type = 1)))
  fits <- lapply(1:2, function(cause) coxph(Surv(day, event == cause) ~ a + b + c, data = d,
    ties = "efron", control = tight, x = TRUE, y = TRUE))
  hazard <- function(fit) {
    h <- basehaz(fit, centered = FALSE)
    approx(c(0, h$time), c(0, h$hazard), at, "constant", rule = 2)$y
  }
  both <- CSC(Hist(day, event) ~ a + b + c, data = d, control = tight)
  risk <- function(cause) as.vector(predict(both, newdata = new, times = at, cause = cause,
    product.limit = TRUE, se = FALSE)$absRisk)
  list(event = event, day = day, a = x[, 1], b = x[, 2], c = x[, 3], at = at,
       new_a = new$a, new_b = new$b, new_c = new$c,
       coef_1 = coef(fits[[1]]), coef_2 = coef(fits[[2]]),
       log_likelihood_1 = fits[[1]]$loglik[2], log_likelihood_2 = fits[[2]]$loglik[2],
       hazard_1 = hazard(fits[[1]]), hazard_2 = hazard(fits[[2]]),
       risk_1 = risk(1), risk_2 = risk(2))
})
number <- function(x) paste0("[", paste(trimws(formatC(as.numeric(x), digits = 15, format = "g")), collapse = ", "), "]")
body <- sapply(cases, function(case) paste0(
  "  {", paste(sprintf("\"%s\": %s", names(case), sapply(case, number)), collapse = ",\n   "), "}"))
cat("{\"R\": \"", as.character(getRversion()), "\", \"survival\": \"", as.character(packageVersion("survival")),
    "\", \"riskRegression\": \"", as.character(packageVersion("riskRegression")),
    "\",\n \"cases\": [\n", paste(body, collapse = ",\n"), "\n]}\n", sep = "")
