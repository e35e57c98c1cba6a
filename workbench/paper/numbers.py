"""Numbers as a paper prints them: as many digits as the interval bears, and never a value without its interval."""

import math

from workbench.types import Effect

MOST = 4  # decimals beyond which no interval here carries anything


def places(low: float, high: float) -> int:
    """Decimals down to the first digit of half the interval's width, one more where that digit is 3 or less.

    The rule that tables of physics use, so that rounding moves no end by more than a sixth of the half width. An
    interval clear of 0 stays clear of it. 2 where the width is no number.
    """
    half = (high - low) / 2
    if not math.isfinite(half) or half <= 0:
        return 2
    power = math.floor(math.log10(half))
    digits = min(MOST, max(0, (half / 10**power < 3.55) - power))
    while digits < MOST and low * high > 0 and 0 in (round(low, digits), round(high, digits)):
        digits += 1
    return digits


def fixed(value: float, decimals: int, signed: bool = False) -> str:
    """``value`` with so many decimals and a true minus sign; never a minus before zero."""
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:+.{decimals}f}" if signed else f"{value:.{decimals}f}"
    if float(text) == 0:
        text = text.lstrip("+-")
    return text.replace("-", "−")


def spanned(value: float, low: float, high: float, signed: bool = False) -> str:
    """``"0.92 [0.73, 1.11]"``; says so where there is no interval, a dash where there is no value."""
    if math.isnan(value):
        return "–"
    if not (math.isfinite(low) and math.isfinite(high)):
        return f"{fixed(value, 2, signed)} (no interval)"
    return f"{fixed(value, places(low, high), signed)} {band(low, high, signed)}"


def band(low: float, high: float, signed: bool = False) -> str:
    """``"[0.73, 1.11]"``; a dash where either end is missing."""
    if math.isnan(low) or math.isnan(high):
        return "–"
    decimals = places(low, high)
    return f"[{fixed(low, decimals, signed)}, {fixed(high, decimals, signed)}]"


def alone(value: float) -> str:
    """A number that has no interval: whole as such, else at most three significant digits and four decimals."""
    if not math.isfinite(value) or float(value).is_integer():
        return fixed(value, 0)
    text = fixed(value, min(MOST, max(0, 2 - math.floor(math.log10(abs(value))))))
    return text.rstrip("0").rstrip(".") if "." in text else text


def effect(found: Effect, unit: str = "") -> str:
    """An estimate with sign, interval and unit."""
    return " ".join(p for p in (spanned(found.estimate, found.low, found.high, signed=True), unit) if p)


def share(found: Effect) -> str:
    """A share in whole percent with its interval."""
    if not (math.isfinite(found.low) and math.isfinite(found.high)):
        return f"{percent(found.estimate)} % (no interval)"
    return f"{percent(found.estimate)} % [{percent(found.low)} %, {percent(found.high)} %]"


def percent(value: float) -> str:
    return fixed(100 * value, 0)
