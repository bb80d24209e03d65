# Standard errors and log-minus-log intervals of cumulative incidences, by R's survival package.
# Run from tests/reference: Rscript aalen_johansen.R > aalen_johansen_r.json
suppressMessages(library(survival))
set.seed(1)
cases <- lapply(1:5, function(k) {
  n <- c(30, 60, 60, 150, 400)[k]
  event <- sample(0:2, n, TRUE, c(.3, .4, .3))
  day <- sample(1:c(8, 20, 60, 20, 300)[k], n, TRUE)
  at <- as.numeric(quantile(day, c(.2, .4, .6, .8)))
  fit <- survfit(Surv(day, factor(event, levels = 0:2)) ~ 1, conf.type = "log-log")
  s <- summary(fit, times = at)
  list(event = event, day = day, at = at, incidence = s$pstate[, 2], se = s$std.err[, 2],
       low = s$lower[, 2], high = s$upper[, 2])
})
number <- function(x) paste0("[", paste(trimws(formatC(as.numeric(x), digits = 15, format = "g")), collapse = ", "), "]")
body <- sapply(cases, function(case) paste0(
  "  {", paste(sprintf("\"%s\": %s", names(case), sapply(case, number)), collapse = ",\n   "), "}"))
cat("{\"R\": \"", as.character(getRversion()), "\", \"survival\": \"",
    as.character(packageVersion("survival")), "\",\n \"cases\": [\n",
    paste(body, collapse = ",\n"), "\n]}\n", sep = "")
