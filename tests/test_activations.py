"""Extraction equals the bridge's own cache, however it is batched; the store never answers for something else."""

import copy
import dataclasses

import pytest
import torch

from workbench import activations as module
from workbench.activations import by_class, differences, extract, extract_texts
from workbench.directions import fit
from workbench.models import ChatFormat, tokens
from workbench.prompts import PROMPT_TYPES, build_prompt
from workbench.store import Store
from workbench.types import Card, Concept, Example, Pair, Site, WorkbenchError

CARD = Card("likes", "Likes", style="question", trait="a taste for it")
WORDS = ("tea", "long walks", "x", "rain at night", "maps", "soup", "old clocks", "jam")


def pairs_of(words, start=0):
    swap = ((" Yes", " No"), (" No", " Yes"))
    return tuple(Pair(f"p{start + i}", f"g{i // 2}", f"{w}?", *swap[i % 2]) for i, w in enumerate(words))


CONCEPT = Concept("likes", pairs_of(WORDS), CARD)
FEW = CONCEPT.select(CONCEPT.pairs[:4])  # of four lengths
SHOTS = pairs_of(("a", "b", "c", "d", "e", "f", "g"), start=100)
SITES = [Site(1), Site(3), Site(2, "resid_pre"), Site(0, "mlp_out"), Site(1, "attn_out"), Site(2, "resid_mid")]


@pytest.fixture
def passes(monkeypatch):
    """How many readings the model has run: (model, plan, sites) of each."""
    count = []
    real = module._read

    def counted(*args, **kwargs):
        count.append(args)
        return real(*args, **kwargs)

    monkeypatch.setattr(module, "_read", counted)
    return count


def same(a, b, atol=1e-5):
    torch.testing.assert_close(a.values, b.values, atol=atol, rtol=0)
    assert torch.equal(a.mask, b.mask)
    assert (a.labels, a.groups, a.site, a.source) == (b.labels, b.groups, b.site, b.source)


def test_positives_first_then_negatives_in_the_same_order(gpt2_model):
    acts = extract(gpt2_model, CONCEPT, sites=[Site(2)])[Site(2)]
    assert acts.values.shape == (16, 1, 32) and acts.mask.all()
    assert acts.labels == (1,) * 8 + (-1,) * 8
    assert acts.groups == tuple(p.group for p in CONCEPT.pairs) * 2
    assert acts.source["pairs"] == [p.id for p in CONCEPT.pairs]
    for i, pair in enumerate(CONCEPT.pairs):
        for row, pole in ((i, "aligned"), (8 + i, "unaligned")):
            alone = extract_texts(gpt2_model, [build_prompt(pair, CARD, "prefilled", pole)], [Site(2)])[Site(2)]
            torch.testing.assert_close(acts.values[row], alone.values[0], atol=1e-5, rtol=0)
    positive, negative = by_class(acts)
    assert torch.equal(positive, acts.values[:8, 0].double())
    assert torch.equal(differences(acts), positive - negative)


@pytest.mark.parametrize("prompt_type", ["prefilled", "prefilled+instruction"])
def test_equals_run_with_cache_of_the_bridge(any_model, prompt_type):
    found = extract(any_model, CONCEPT, prompt_type=prompt_type, sites=SITES)
    for row, pole in ((0, "aligned"), (3, "aligned"), (11, "unaligned")):
        prompt = build_prompt(CONCEPT.pairs[row % 8], CARD, prompt_type, pole)
        ids = torch.tensor(tokens(any_model, [prompt])[0])
        _, cache = any_model.bridge.run_with_cache(ids)
        for site in SITES:
            torch.testing.assert_close(found[site].values[row, 0], cache[site.hook][0, -1], atol=1e-5, rtol=0)


@pytest.mark.parametrize("rule", ["all", "after_prompt"])
def test_batch_size_and_padding_change_nothing(any_model, rule):
    big = extract(any_model, FEW, sites=SITES[:2], rule=rule, batch_tokens=100_000)
    for batch_tokens in (1, 120):  # one text at a time, without padding; a few at a time
        small = extract(any_model, FEW, sites=SITES[:2], rule=rule, batch_tokens=batch_tokens)
        for site in SITES[:2]:
            same(big[site], small[site])


def test_padding_is_zero_and_at_the_left(gpt2_model):
    acts = extract(gpt2_model, FEW, sites=[Site(1)], rule="all", batch_tokens=1)[Site(1)]
    counts = acts.mask.sum(1)
    assert len(set(counts.tolist())) == 4
    assert torch.equal(acts.mask, torch.arange(acts.mask.shape[1]) >= acts.mask.shape[1] - counts[:, None])
    assert acts.values[~acts.mask].abs().sum() == 0 and acts.values[acts.mask].abs().sum(-1).min() > 0


def test_token_rules(gpt2_model):
    found = {rule: extract(gpt2_model, CONCEPT, sites=[Site(2)], rule=rule)[Site(2)] for rule in (
        "all", "last", "last_k:3", "after_prompt", "answer", "response")}
    everything = found["all"]
    assert {k: v.values.shape[1] for k, v in found.items() if k != "all"} == {
        "last": 1, "last_k:3": 3, "after_prompt": 2, "answer": 1, "response": 1}
    for rule, cut in (("last", slice(-1, None)), ("last_k:3", slice(-3, None)), ("after_prompt", slice(-2, None)),
                      ("answer", slice(-2, -1)), ("response", slice(-1, None))):
        torch.testing.assert_close(found[rule].values, everything.values[:, cut], atol=1e-5, rtol=0)
    torch.testing.assert_close(found["last"].values[:, 0], found["last_k:3"].last(), atol=1e-5, rtol=0)


def test_answer_rules_without_an_answer(gpt2_model):
    acts = extract(gpt2_model, CONCEPT, prompt_type="instruction", sites=[Site(2)], rule="answer")[Site(2)]
    same_place = extract(gpt2_model, CONCEPT, prompt_type="instruction", sites=[Site(2)])[Site(2)]
    torch.testing.assert_close(acts.values, same_place.values)
    with pytest.raises(WorkbenchError, match="marks no position"):
        extract(gpt2_model, CONCEPT, prompt_type="instruction", sites=[Site(2)], rule="response")


def test_one_token_answers_are_predicted_at_equal_places(gpt2_model):
    """Before the answer both prompts are the same text: no direction there, and fit says so."""
    acts = extract(gpt2_model, CONCEPT, sites=[Site(2)], rule="answer")[Site(2)]
    assert differences(acts).abs().max() < 1e-5
    with pytest.raises(WorkbenchError, match="token rule"):
        fit(acts)


def test_many_sites_in_one_pass(gpt2_model, passes):
    found = extract(gpt2_model, CONCEPT, batch_tokens=100_000)
    assert list(found) == [Site(i) for i in range(4)] and len(passes) == 1


def test_head_sites_are_parts_of_z(gpt2_model):
    found = extract(gpt2_model, CONCEPT, sites=[Site(1, "z"), Site(1, "z", 2)], rule="last_k:2")
    whole, head = found[Site(1, "z")].values, found[Site(1, "z", 2)].values
    assert whole.shape == (16, 2, 32) and torch.equal(head, whole.reshape(16, 2, 4, 8)[:, :, 2])


@pytest.mark.parametrize("prompt_type", PROMPT_TYPES)
@pytest.mark.parametrize("shots", [(), SHOTS])
def test_all_prompt_types(gpt2_model, prompt_type, shots):
    acts = extract(gpt2_model, CONCEPT, prompt_type=prompt_type, sites=[Site(3)], shots=shots)[Site(3)]
    assert differences(acts).norm(dim=1).min() > 0
    assert acts.source["prompt_type"] == prompt_type
    assert len(acts.source["shots"]) == (5 if shots and "5-shot" in prompt_type else 0)


def texts_read(monkeypatch, model, **options):
    seen = []

    def recorded(model, prompts, answers=None):
        seen.extend(a + b for a, b in prompts)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(module, "tokens", recorded)
        extract(model, CONCEPT, sites=[Site(0)], **options)
    return seen


def test_all_pairs_see_the_same_shots_from_the_pool(gpt2_model, monkeypatch):
    read = texts_read(monkeypatch, gpt2_model, prompt_type="5-shot", shots=SHOTS)
    beginnings = [text[: text.rindex("Question:")] for text in read]
    assert len(set(beginnings[:8])) == len(set(beginnings[8:])) == 1
    assert beginnings[0] != beginnings[8] and beginnings[0].count("Question:") == 5
    swapped = beginnings[0].replace(" Yes", " ?").replace(" No", " Yes").replace(" ?", " No")
    assert swapped == beginnings[8]  # the same examples, answered by the other pole
    assert {beginnings[0].count(" Yes"), beginnings[0].count(" No")} == {2, 3}
    assert not any(f": {p.question}" in beginnings[0] for p in CONCEPT.pairs)
    other = texts_read(monkeypatch, gpt2_model, prompt_type="5-shot", shots=SHOTS, shots_seed=1)
    assert other[0] != read[0]


def test_cue_place_and_kind(gpt2_model, monkeypatch):
    read = {(place, kind): texts_read(monkeypatch, gpt2_model, prompt_type="instruction", cue_place=place,
                                      cue_kind=kind)
            for place in ("before", "after") for kind in ("instruction", "persona")}
    assert read["before", "instruction"][0].startswith("Instruction: answer as someone who has")
    assert read["before", "instruction"][8].startswith("Instruction: answer as someone who lacks")
    assert read["after", "persona"][8].endswith("Persona: not a taste for it.\n\nAnswer:")
    assert read["before", "persona"][0].startswith("Persona: a taste for it.")


def test_cues_stand_where_the_models_card_says(gpt2_model, monkeypatch, tmp_path):
    (tmp_path / "card.toml").write_text('[world]\ncue_place = "after"\n')
    trained = dataclasses.replace(gpt2_model, folder=str(tmp_path))
    read = {name: texts_read(monkeypatch, model, prompt_type="instruction", **more)
            for name, model, more in (("plain", gpt2_model, {}), ("trained", trained, {}),
                                      ("told", trained, {"cue_place": "before"}))}
    assert read["plain"] == read["told"] and read["plain"][0].startswith("Instruction:")
    assert read["trained"][0].startswith("Question:") and read["trained"][0].endswith("taste for it.\n\nAnswer:")


def test_toward_the_other_pole_mirrors(gpt2_model):
    up = extract(gpt2_model, CONCEPT, sites=[Site(2)])[Site(2)]
    down = extract(gpt2_model, CONCEPT, sites=[Site(2)], toward="unaligned")[Site(2)]
    torch.testing.assert_close(differences(up), -differences(down))
    torch.testing.assert_close(fit(up).vector, -fit(down).vector)


def test_ab_prompts_end_at_the_letter(gpt2_model, monkeypatch):
    pairs = tuple(Pair(f"q{i}", f"g{i}", f"{i}?\n (A) x\n (B) y", " (A)", " (B)") for i in range(3))
    concept = Concept("letters", pairs, Card("letters", "L", style="ab", trait="x"))
    seen = []
    real = module.tokens

    def recorded(model, prompts, answers):
        seen.append((prompts[0], answers and answers[0]))
        return real(model, prompts, answers)

    monkeypatch.setattr(module, "tokens", recorded)
    for prompt_type, rule in (("prefilled", "last"), ("prefilled", "response"), ("instruction", "last")):
        extract(gpt2_model, concept, sites=[Site(0)], rule=rule, prompt_type=prompt_type)
    (whole, none), (split, answer), (open_, _) = seen
    assert whole[0].endswith("Answer:") and whole[1] == " (A" and none is None
    assert split == (whole[0], " (") and answer == "A"
    assert open_[0].endswith("Answer:") and open_[1] == " ("


def test_second_call_reads_the_store_and_runs_nothing(gpt2_model, tmp_path, passes):
    store = Store(tmp_path)
    first = extract(gpt2_model, CONCEPT, sites=SITES[:2], store=store)
    assert len(passes) == 1
    second = extract(gpt2_model, CONCEPT, sites=SITES[:2], store=store, batch_tokens=7)
    assert len(passes) == 1
    for site in SITES[:2]:
        same(first[site], second[site], atol=0)


def test_only_missing_sites_are_run(gpt2_model, tmp_path, passes):
    store = Store(tmp_path)
    extract(gpt2_model, CONCEPT, sites=[Site(1)], store=store)
    found = extract(gpt2_model, CONCEPT, sites=[Site(2), Site(1)], store=store)
    assert len(passes) == 2 and passes[1][2] == [Site(2)]
    assert list(found) == [Site(2), Site(1)]
    assert len(store.ls()) == 2


def changed_words():
    first = dataclasses.replace(CONCEPT.pairs[0], question="coffee?")
    return CONCEPT.select((first, *CONCEPT.pairs[1:]))


@pytest.mark.parametrize("options", [
    {"concept": CONCEPT.select(CONCEPT.pairs[:4])},
    {"concept": changed_words()},
    {"concept": Concept("other name", CONCEPT.pairs, CARD)},
    {"prompt_type": "instruction"},
    {"prompt_type": "prefilled+instruction"},
    {"prompt_type": "prefilled+instruction", "cue_place": "after"},
    {"prompt_type": "prefilled+instruction", "cue_kind": "persona"},
    {"prompt_type": "5-shot"},
    {"prompt_type": "5-shot", "shots": SHOTS},
    {"prompt_type": "5-shot", "shots_seed": 1},
    {"rule": "last_k:2"},
    {"toward": "unaligned"},
    {"sites": [Site(2, "resid_pre")]},
], ids=str)
def test_store_answers_for_nothing_else(gpt2_model, tmp_path, passes, options):
    store = Store(tmp_path)
    base = {"concept": CONCEPT, "sites": [Site(1)]}
    extract(gpt2_model, **base, store=store)
    (found,) = extract(gpt2_model, **base | options, store=store).values()
    assert len(passes) == 2
    (fresh,) = extract(gpt2_model, **base | options).values()
    same(found, fresh)


def test_altered_model_never_gets_stale_activations(gpt2_model, tmp_path, passes):
    store = Store(tmp_path)
    bare = extract(gpt2_model, CONCEPT, sites=[Site(2)], store=store)[Site(2)]
    steered = gpt2_model.altered("add 1 at layer 1", (("blocks.1.hook_resid_post", lambda h, hook: h + 1),))
    changed = extract(steered, CONCEPT, sites=[Site(2)], store=store)[Site(2)]
    assert len(passes) == 2 and not torch.allclose(bare.values, changed.values, atol=1e-2)
    same(extract(steered, CONCEPT, sites=[Site(2)])[Site(2)], changed)
    same(extract(gpt2_model, CONCEPT, sites=[Site(2)], store=store)[Site(2)], bare, atol=0)


def test_other_model_never_gets_stale_activations(gpt2_model, llama_model, tmp_path):
    store = Store(tmp_path)
    one = extract(gpt2_model, CONCEPT, sites=[Site(2)], store=store)[Site(2)]
    two = extract(llama_model, CONCEPT, sites=[Site(2)], store=store)[Site(2)]
    assert not torch.allclose(one.values, two.values, atol=1e-2) and one.source["model"] != two.source["model"]


def test_a_new_wording_of_prompts_is_a_new_key(gpt2_model, tmp_path, passes, monkeypatch):
    store = Store(tmp_path)
    extract(gpt2_model, CONCEPT, sites=[Site(1)], store=store)
    from workbench import prompts

    monkeypatch.setattr(prompts, "frame", lambda pair, style: f"Q. {pair.question} Answer:")
    extract(gpt2_model, CONCEPT, sites=[Site(1)], store=store)
    assert len(passes) == 2


def test_damaged_shard_is_computed_again(gpt2_model, tmp_path, passes):
    store = Store(tmp_path)
    first = extract(gpt2_model, CONCEPT, sites=[Site(1)], store=store)[Site(1)]
    (blob,) = (tmp_path / "blobs").iterdir()
    blob.write_bytes(blob.read_bytes()[:100])
    with pytest.warns(UserWarning, match="damaged"):
        again = extract(gpt2_model, CONCEPT, sites=[Site(1)], store=store)[Site(1)]
    assert len(passes) == 2
    same(first, again)
    extract(gpt2_model, CONCEPT, sites=[Site(1)], store=store)
    assert len(passes) == 2


def test_plain_texts_and_examples(gpt2_model, tmp_path, passes):
    examples = [Example("e1", "g", "one short text", 1), Example("e2", "h", "two", 0)]
    store = Store(tmp_path)
    acts = extract_texts(gpt2_model, examples, [Site(1)], "all", store=store)[Site(1)]
    assert acts.labels == (1, 0) and acts.groups == ("g", "h") and acts.source["examples"] == ["e1", "e2"]
    bare = extract_texts(gpt2_model, [e.text for e in examples], [Site(1)], "all", store=store)[Site(1)]
    assert torch.equal(acts.values, bare.values) and bare.labels == (0, 0) and len(passes) == 2
    extract_texts(gpt2_model, ["one short text", "three"], [Site(1)], "all", store=store)
    assert len(passes) == 3


def test_progress_counts_texts(gpt2_model):
    steps = []
    extract(gpt2_model, CONCEPT, sites=[Site(0)], batch_tokens=100, progress=lambda *step: steps.append(step))
    assert steps[-1] == (16, 16) and steps == sorted(steps) and len(steps) > 3


@pytest.mark.parametrize(("options", "message"), [
    ({"sites": [Site(9)]}, "beyond"),
    ({"rule": "middle"}, "rule"),
    ({"prompt_type": "riddle"}, "prompt type"),
    ({"prompt_type": "5-shot", "shots": SHOTS[:3]}, "3 pairs came to draw 5 shots"),
    ({"prompt_type": "5-shot", "shots": (*SHOTS, CONCEPT.pairs[0])}, "also a question"),
])
def test_bad_input_is_one_line(gpt2_model, options, message):
    with pytest.raises(WorkbenchError, match=message) as caught:
        extract(gpt2_model, CONCEPT, **options)
    assert "\n" not in str(caught.value)
    with pytest.raises(WorkbenchError, match="no pairs"):
        extract(gpt2_model, CONCEPT.select(()))


def test_in_a_chat_model_the_answer_opens_the_model_s_turn(gpt2_model):
    tokenizer = copy.deepcopy(gpt2_model.tokenizer)
    tokenizer.chat_template = ("{% for m in messages %}[{{ m.role }}] {{ m.content }} {% endfor %}"
                               "{% if add_generation_prompt %}[model]{% endif %}")
    chat = dataclasses.replace(gpt2_model.altered("chat"), tokenizer=tokenizer, chat=ChatFormat("Be brief."))
    found = extract(chat, FEW, sites=[Site(2)])[Site(2)]
    turns = "[system] Be brief. [user] Question: tea?\n\nAnswer: [model]"
    for row, answer in ((0, " Yes"), (4, " No")):
        alone = extract_texts(gpt2_model, [turns + answer], [Site(2)])[Site(2)]
        torch.testing.assert_close(found.values[row], alone.values[0], atol=1e-5, rtol=0)
