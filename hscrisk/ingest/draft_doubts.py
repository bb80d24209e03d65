"""Guesses looked at together: what one column says of another, and what is doubtful for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hscrisk.ingest.fit import Fit
from hscrisk.ingest.guess import Guess, Seen
from hscrisk.ingest.naming import alikeness, tokens
from hscrisk.ingest.number_fit import unit_named
from hscrisk.ingest.yaml_text import quoted
from hscrisk.schema.consistency import outcome_pairs

Guesses = dict[str, Guess]
_REVERSED = ("interval_dx_hct_days", "patient_age", "donor_age")
"""Fields whose date lies before day 0: the time runs from it to the transplant."""
_DEATH_DATES = ("death date", "date of death", "date death")
_AGREE = 0.98


def settle(guesses: Guesses, seen: Seen) -> Guesses:
    """Return the guesses after each was looked at beside the others, and those that follow."""
    for look in (_by_row, _dated, _last_day, _year, _event_dates):
        guesses = look(dict(guesses), seen)
    for doubt in (_turned_round, _with_days, _without_status):
        guesses = {name: doubt(guess, guesses, seen) for name, guess in guesses.items()}
    return {name: guesses[name] for name in seen.contract if name in guesses}


# -- units ----------------------------------------------------------------------------------------


def _by_row(guesses: Guesses, seen: Seen) -> Guesses:
    """Give a number the column that holds the unit of each row, where there is one."""
    for name, guess in guesses.items():
        field = seen.contract[name]
        if field.unit is None or not field.is_numeric or seen.columns[guess.column].dates:
            continue
        unit_column = _unit_column(guess, seen)
        if unit_column is not None:
            codes = seen.columns[unit_column].real_codes
            units = {code: unit_named(code, field) for code in codes}
            told = ", ".join(f"{quoted(c)}: {quoted(u or '?')}" for c, u in units.items())
            part = {"unit": f"{{column: {quoted(unit_column)}, codes: {{{told}}}}}"}
            known = all(units.values()) and not seen.columns[unit_column].missing_codes
            words = f"unit by row, from {unit_column} ({', '.join(codes)})"
            guesses[name] = guess.noted(
                words,
                unit=None,
                parts=guess.fit.parts | part,
                reads=(unit_column,),
                sure=guess.fit.sure and known,
            )
        elif guess.fit.mixed is not None:
            guesses[name] = _mixed(guess, seen)
    return guesses


def _unit_column(guess: Guess, seen: Seen) -> str | None:
    """Return the column of units whose name goes with that of a number, or None."""
    field = seen.contract[guess.field]
    for name, column in seen.columns.items():
        codes = list(column.real_codes)
        if name == guess.column or not codes or not any(unit_named(c, field) for c in codes):
            continue
        words = [word for word in tokens(name) if word not in ("unit", "units")]
        shared = set(words) & set(tokens(guess.column)) or set(words) & set(tokens(guess.alias))
        if shared or not words:
            return name
    return None


def _mixed(guess: Guess, seen: Seen) -> Guess:
    """Tell which rows seem to have another unit, and by which column it may be told."""
    small, large, limit = guess.fit.mixed or ("", "", 0.0)
    values = np.where(seen.held(guess.column), seen.numbers(guess.column), np.nan)
    odd, known = values < limit, np.isfinite(values)
    words = f"{int(odd.sum()):,} look like {small}, the others like {large}"
    for name, column in seen.columns.items():
        if not column.is_coded or name == guess.column:
            continue
        text = seen.codes(name)
        codes = sorted(set(text[odd]))
        if len(codes) < column.n_distinct and not np.isin(text[known & ~odd], codes).any():
            listed = ", ".join(map(quoted, codes))
            part = f"{{cases: [{{when: {{{quoted(name)}: [{listed}]}}, means: {small}}}]"
            parts = guess.fit.parts | {"unit": f"{part}, otherwise: {large}}}"}
            said = f"{words}; all of these have {name} {listed}"
            return guess.doubted(said, parts=parts, reads=(name,))
    part = f"{{column: ?, codes: {{?: {small}, ?: {large}}}}}"
    return guess.doubted(words, parts=guess.fit.parts | {"unit": part})


# -- dates ----------------------------------------------------------------------------------------


def _dated(guesses: Guesses, seen: Seen) -> Guesses:
    """Count dates from the date of transplant."""
    day_0 = guesses.get("infusion_date")
    for name, guess in guesses.items():
        dates = seen.columns[guess.column].dates
        if dates is None or name in ("infusion_date", "year_of_hct"):
            continue
        if day_0 is None:
            words = "no date of transplant was found to count from"
            guesses[name] = guess.doubted(words, parts={"since": "?"})
            continue
        ends = (day_0.column, guess.column)
        column, since = ends if name in _REVERSED else ends[::-1]
        days = seen.dates(column) - seen.dates(since)
        days = days[np.isfinite(days)]
        parts = {"column": quoted(column), "since": quoted(since)}
        if len(days) == 0:
            guesses[name] = guess.doubted("never beside a date of transplant", parts=parts)
            continue
        low, high = np.quantile(days, (0.05, 0.95))
        early = int((days < 0).sum())
        words = f"most {low:,.0f} to {high:,.0f} days from {since} to {column}"
        if early:
            words += f", {early:,} before it"
        plain = dates.is_plain and (form := seen.columns[day_0.column].dates) and form.is_plain
        guess = guess.noted(words, parts=parts)
        if early > 0.02 * len(days):
            guess = guess.doubted("is it this date?")
        guesses[name] = guess if plain else guess.doubted("how are the dates written?")
    return guesses


def _last_day(guesses: Guesses, seen: Seen) -> Guesses:
    """Compare the last contact with the date of death, where a file has both."""
    last, day_0 = guesses.get("followup_day"), guesses.get("infusion_date")
    if last is None or day_0 is None or seen.columns[last.column].dates is None:
        return guesses
    for name, column in seen.columns.items():
        if column.dates is None or name == last.column or _like_death(name) < 0.9:
            continue
        died, contact = seen.dates(name), seen.dates(last.column)
        both = np.isfinite(died) & np.isfinite(contact)
        same = int((died == contact)[both].sum())
        words = f"{name} is the same in {same:,} of {int(both.sum()):,}"
        since = quoted(day_0.column)
        if both.any() and same >= _AGREE * both.sum():
            agrees = {"agrees_with": f"{{column: {quoted(name)}, since: {since}}}"}
            parts = last.fit.parts | agrees
            guesses["followup_day"] = last.noted(words, parts=parts, reads=(name,))
        else:
            alive = f'{{"": {{column: {quoted(last.column)}, since: {since}}}}}'
            parts = {"column": quoted(name), "since": since, "instead": alive}
            words += ": which of them?"
            guesses["followup_day"] = last.doubted(words, parts=parts, reads=(name,))
        return guesses
    return guesses


def _like_death(column: str) -> float:
    return alikeness(column, _DEATH_DATES)[0]


def _year(guesses: Guesses, seen: Seen) -> Guesses:
    """Take the year from the date of transplant, where no column has it."""
    day_0 = guesses.get("infusion_date")
    if day_0 is not None and "year_of_hct" not in guesses:
        fit = replace(day_0.fit, parts={"part": "year"})
        guesses["year_of_hct"] = replace(day_0, field="year_of_hct", fit=fit)
    return guesses


def _event_dates(guesses: Guesses, seen: Seen) -> Guesses:
    """Suggest a status where only dates of an event are kept: an empty one may mean 'never'."""
    pairs = outcome_pairs(seen.contract)
    dated = {pair[0]: guesses[pair[1]].column for pair in pairs.values() if pair[1] in guesses}
    dated.pop("death_status", None)
    deaths = [n for n, c in seen.columns.items() if c.dates is not None and _like_death(n) > 0.9]
    if deaths:
        dated["death_status"] = deaths[0]
    for status, name in dated.items():
        column = seen.columns[name]
        if status in guesses or column.dates is None or column.n_filled == column.n:
            continue
        words = f"given in {column.n_filled:,} of {column.n:,}; does empty mean 'did not happen'?"
        part = {"cases": f'[{{when: {{{quoted(name)}: ""}}, means: 0}}]', "otherwise": "1"}
        alias = next((g.alias for g in guesses.values() if g.column == name), _DEATH_DATES[0])
        guesses[status] = Guess(status, name, 0.5, Fit(0.5, evidence=words, parts=part), alias)
    return guesses


# -- statuses -------------------------------------------------------------------------------------


def _turned_round(guess: Guess, guesses: Guesses, seen: Seen) -> Guess:
    """Doubt a status of 0 and 1 unless its day shows that 1 is the event: it comes sooner."""
    day_of = dict(outcome_pairs(seen.contract).values())
    if guess.field == "acute_gvhd_status":
        return guess.doubted("of any grade, or of grade II to IV?")
    if guess.field not in day_of or guess.fit.codes is not None or not guess.fit.sure:
        return guess
    day = guesses.get(day_of[guess.field])
    asked = {"0": "?", "1": "?"}
    if day is None:
        return guess.doubted("no day shows which of them is the event", codes=asked)
    state = seen.numbers(guess.column)
    day_0 = guesses.get("infusion_date")
    when = seen.days(day, day_0.column if day_0 else None)
    known = np.isfinite(when)
    with_it, without = when[known & (state == 1)], when[known & (state == 0)]
    if len(with_it) and not len(without):
        return guess.noted("only those with 1 have a day")
    if len(with_it) == 0 or len(without) == 0:
        return guess.doubted("the days do not show which of them is the event", codes=asked)
    first, last = float(np.median(with_it)), float(np.median(without))
    words = f"half of those with 1 by {first:.4g}, of those with 0 by {last:.4g}"
    if first < last:
        return guess.noted(words)
    return guess.doubted(f"{words}: is 1 really the event?", codes=asked)


def _with_days(guess: Guess, guesses: Guesses, seen: Seen) -> Guess:
    """Tell which codes of a status in doubt have a day: where it is one only, that is the event."""
    day_of = dict(outcome_pairs(seen.contract).values())
    if guess.field not in day_of or guess.is_sure or not guess.fit.codes:
        return guess
    day = guesses.get(day_of[guess.field])
    column = day.column if day else None
    if guess.field == "death_status":
        column = next((n for n in seen.columns if _like_death(n) > 0.9), None)
    if column is None or column == guess.column:
        return guess
    held, codes = seen.held(column), seen.codes(guess.column)
    share = {code: float(held[codes == code].mean()) for code in guess.fit.codes}
    dated = [code for code, part in share.items() if part > 0.5]
    if not dated or any(0.02 < part <= 0.5 for part in share.values()) or len(dated) == len(share):
        return guess
    listed = " and ".join(dated)
    if len(dated) > 1:
        return guess.noted(f"{column} is given with {listed}: is each of them the event?")
    told = guess.fit.codes | ({dated[0]: "1"} if guess.fit.codes[dated[0]] == "?" else {})
    return guess.noted(f"{column} is given with {listed} only: that is the event", codes=told)


def _without_status(guess: Guess, guesses: Guesses, seen: Seen) -> Guess:
    """Doubt a day whose status is in doubt: by itself it says nothing."""
    status_of = {day: status for status, day in outcome_pairs(seen.contract).values()}
    if guess.field not in status_of or guess.field == "followup_day":
        return guess
    status = guesses.get(status_of[guess.field])
    if status is not None and status.is_sure:
        return guess
    return guess.doubted("no status goes with it for certain")
