"""A setting as lines of Python that give the same numbers."""

from collections.abc import Iterator

from workbench.types import Concept, WorkbenchError
from workbench.widgets.steering import Setting, Steering


def as_code(steering: Steering, setting: Setting) -> str:
    """A script that fits the direction, writes the three completions (``texts``) and sweeps the poles (``cube``).

    A model or concept that was made in memory cannot be named: the script then expects it as ``model`` or ``concept``.
    Raises WorkbenchError for an operator that a line of Python cannot write (one that holds tensors).
    """
    return "\n".join([*_beginning(steering, setting), *_middle(steering, setting), *_end(setting)]) + "\n"


def _beginning(steering: Steering, setting: Setting) -> Iterator[str]:
    operator = steering.operator(setting)
    yield "import workbench as wb"
    yield f"from {_home(operator)} import {type(operator).__name__}"
    if setting.second[0]:
        yield "from workbench.directions import combine"
    if not setting.text:
        yield "from workbench.sweep.readouts import prompts_of"
    yield ""
    source = steering.model.source
    # comments are single lines whatever a name holds
    yield f"model = wb.load({source!r})" if source else f"# model: {steering.model.name!r}, as it is in memory"
    given = steering.concepts[steering.names.index(setting.concept)]
    known = not isinstance(given, Concept)
    yield f"concept = wb.load_concept({given!r})" if known else f"# concept: {setting.concept!r}, as it is in memory"
    yield f"_, fitted, evaluated = wb.split_concept(concept, shares={steering.shares!r}, seed={steering.seed})"


def _middle(steering: Steering, setting: Setting) -> Iterator[str]:
    operator = repr(steering.operator(setting))
    if "tensor(" in operator or "<" in operator:
        raise WorkbenchError(
            f"operator {setting.operator!r} holds more than a line of Python can write; "
            "use one made of numbers and words to copy the setting"
        )
    yield f"site = wb.Site(layer={setting.layer})"
    yield f"acts = wb.extract(model, fitted, prompt_type={setting.prompt_type!r}, sites=[site])[site]"
    yield f"direction = wb.fit(acts, method={setting.method!r})"
    yield from _second(steering, setting)
    yield f"operator = {operator}"
    yield ""
    if setting.text:
        yield f"prompt = {setting.text!r}"
    else:
        yield f"pair = next(p for p in evaluated.pairs if p.id == {steering.pair(setting).id!r})"
        yield '(prompt,) = prompts_of(evaluated.select([pair]), "bare")'


def _second(steering: Steering, setting: Setting) -> Iterator[str]:
    """The second concept's direction, and the sum of both."""
    also, share = setting.second
    if not also:
        return
    given = steering.concepts[steering.names.index(also)]
    if isinstance(given, Concept):
        yield f"# other: {also!r}, as it is in memory"
    else:
        yield f"other = wb.load_concept({given!r})"
    yield f"_, fitted_other, _ = wb.split_concept(other, shares={steering.shares!r}, seed={steering.seed})"
    yield f"acts = wb.extract(model, fitted_other, prompt_type={setting.prompt_type!r}, sites=[site])[site]"
    yield f"direction = combine([direction, wb.fit(acts, method={setting.method!r})], [1.0, {share!r}])"


def _end(setting: Setting) -> Iterator[str]:
    doses = {name: setting.multiplier(name) for name in ("unsteered", "aligned", "unaligned")}
    at = tuple(sorted(set(doses.values())))
    yield "texts = {}"
    yield f"for column, multiplier in {doses!r}.items():"
    yield f"    steered = wb.steer(model, direction, multiplier, intervention=operator, where={setting.where!r})"
    yield f"    (texts[column],) = wb.generate(steered, [prompt], max_new_tokens={setting.max_new_tokens})"
    yield "    print(column, repr(texts[column]))"
    yield ""
    yield f"cube = wb.sweep(model, evaluated, {{'own': direction}}, sites=[site], multipliers={at!r},"
    yield f"                where={setting.where!r}, intervention=operator)"
    yield "print(cube.multipliers, cube.curve(site, 'own').mean(axis=0))"


def _home(operator: object) -> str:
    """Where the operator's class is imported from."""
    module = type(operator).__module__
    return "workbench.interventions" if module.startswith("workbench.interventions") else module
