"""The tables of docs/organisms.md: ``python docs/organisms_table.py`` writes them anew from the organisms' cards."""

import csv
import tomllib
from pathlib import Path

import numpy as np

from workbench.concepts import data_root
from workbench.stats import t_interval

PAGE = Path(__file__).with_name("organisms.md")
START, END = "<!-- from the cards: python docs/organisms_table.py -->", "<!-- end -->"
SHOWN = ("knob-a", "leaning-aligned", "leaning-unaligned")


def cards() -> dict[str, dict]:
    """The cards of all organisms that ship weights, by name, twins beside each other."""
    found = sorted((data_root() / "organisms").glob("*/model.safetensors"))
    return {p.parent.name: tomllib.loads((p.parent / "card.toml").read_text(encoding="utf-8")) for p in found}


def ability(name: str) -> list[dict[str, str]]:
    """The rows of an organism's ability table, one per concept; none for the facts."""
    path = data_root() / "organisms" / name / "ability.csv"
    return list(csv.DictReader(path.open(encoding="utf-8"))) if path.exists() else []


def column(rows: list[dict[str, str]], key: str) -> np.ndarray:
    return np.array([float(row[key]) for row in rows])


def lean_text(rows: list[dict[str, str]]) -> str:
    """The mean lean with a t interval over concepts, and how many single leans exclude 0."""
    lean = t_interval(column(rows, "bare_lean"))
    away = (column(rows, "bare_lean_low") > 0) | (column(rows, "bare_lean_high") < 0)
    return f"{lean.estimate:+.2f} [{lean.low:+.2f}, {lean.high:+.2f}]; {away.sum()} of {len(rows)}"


def minutes(training: dict) -> str:
    seconds = training.get("cpu_seconds") or training["wall_seconds"]
    return f"{seconds / 60:.0f}" + ("" if "cpu_seconds" in training else " (wall)")


def overview(all_cards: dict[str, dict]) -> list[str]:
    """One line per organism that answers questions."""
    lines = [
        "| organism | seed | tokens | CPU min | one cue, held out (worst) | inverse | five examples | cues disagree "
        "| lean without a cue; excludes 0 | cosines: mean, mean size, largest |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, card in all_cards.items():
        rows = ability(name)
        if not rows:
            continue
        training, right = card["training"], card["accuracy"]
        worst = right.get("cued_worst_axis", right.get("cued_worst_behaviour"))
        shots = np.mean([right[k] for k in ("5-shot +", "5-shot -")])
        several = f"{right['several disagree']:.3f}" if "several disagree" in right else "–"
        inverse = card.get("templates", {}).get("inverse templates")
        near = card.get("cosines")
        three = [f"{near[k]:.2f}" for k in ("mean", "mean_absolute", "largest")] if near else ["see organism.md"]
        lines.append(
            f"| `{name}` | {training['seed']} | {training['tokens'] / 1e6:.1f}M | {minutes(training)} "
            f"| {right['cued']:.3f} ({worst:.3f}) | {'–' if inverse is None else format(inverse, '.3f')} "
            f"| {shots:.3f} | {several} | {lean_text(rows)} | {', '.join(three)} |"
        )
    return lines


def facts(all_cards: dict[str, dict]) -> list[str]:
    """One line per organism that recalls facts."""
    share = lambda three: f"{three[0]:.3f} [{three[1]:.3f}, {three[2]:.3f}]"  # noqa: E731
    lines = [
        "| organism | tokens | CPU min | facts | recalled, withheld phrasing | unseen phrasing | taught falsely |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, card in all_cards.items():
        if "recall" in card:
            t, r = card["training"], card["recall"]
            taught = f"{card['facts_taught_falsely']} of {card['facts']}"
            lines.append(
                f"| `{name}` | {t['tokens'] / 1e6:.1f}M | {minutes(t)} | {card['facts']} | {share(r['withheld'])} "
                f"| {share(r['unseen'])} | {taught} |"
            )
    return lines


def leans(all_cards: dict[str, dict]) -> list[str]:
    """The lean without a cue of every axis of the microworld, with its interval over questions."""
    shown = [name for name in SHOWN if name in all_cards]
    tables = {name: {row["behaviour"]: row for row in ability(name)} for name in shown}
    lines = [f"| axis | {' | '.join(f'`{n}`' for n in shown)} |", "|---" * (len(shown) + 1) + "|"]
    for axis in tables[shown[0]] if shown else []:
        cells = [tables[name][axis] for name in shown]
        text = [
            f"{float(c['bare_lean']):+.2f} [{float(c['bare_lean_low']):+.2f}, {float(c['bare_lean_high']):+.2f}]"
            for c in cells
        ]
        lines.append(f"| {axis} | {' | '.join(text)} |")
    return lines


def text() -> str:
    """The page's part between the marks."""
    found = cards()
    parts = [
        "## Organisms that answer questions", *overview(found),
        "## Organisms that recall facts", *facts(found),
        "## The lean of every axis of the microworld",
        "Log-odds of the aligned act without a cue, with a 95 % interval over 40 questions (every organism's "
        "`ability.csv` has the same for all of its concepts).", *leans(found),
    ]  # fmt: skip
    out = ""
    for part in parts:
        out += ("\n" if not part.startswith("|") or not out.endswith("|\n") else "") + part + "\n"
    return out


def main() -> None:
    head, rest = PAGE.read_text(encoding="utf-8").split(START)
    PAGE.write_text(f"{head}{START}\n{text()}\n{END}{rest.split(END)[1]}", encoding="utf-8")


if __name__ == "__main__":
    main()
