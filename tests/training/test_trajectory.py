"""Short trainings: a shorter one begins a longer one, and preference tuning is the loss that its paper states."""

import math

import pytest
import torch
from torch import nn

from workbench.training import lessons
from workbench.training.lessons import Answers, answered, margins, preferences
from workbench.training.trajectory import Course, course, trajectory
from workbench.types import WorkbenchError

HEAD, YES, NO = (3, 4, 5), (7,), (8, 9)


@pytest.fixture
def module(tiny_module):
    return tiny_module("gpt2", 260)


def docs(tail, count=3):
    return [answered((*HEAD, 10 + i), tail) for i in range(count)]


class Table(nn.Module):
    """A language model whose next-token logits are the rows of a table: gradients can be written by hand."""

    class config:
        pad_token_id = 0

    def __init__(self, vocab: int):
        super().__init__()
        torch.manual_seed(0)
        self.rows, self.same = nn.Embedding(vocab, vocab), nn.Identity()

    def base_model(self, input_ids, use_cache):
        return type("Out", (), {"last_hidden_state": self.rows(input_ids)})

    def get_output_embeddings(self):
        return self.same


def test_margins_are_the_difference_of_whole_answers(module):
    found = margins(module, docs(YES), docs(NO), 0)
    for i in range(3):
        logs = [module(torch.tensor([[*HEAD, 10 + i, *tail]])).logits.log_softmax(-1)[0] for tail in (YES, NO)]
        wanted = logs[0][3, 7] - logs[1][3, 8] - logs[1][4, 9]
        assert float(found[i]) == pytest.approx(float(wanted), abs=1e-5)


def test_preference_loss_begins_at_ln_2_exactly(module):
    batches = [docs(YES), docs(YES, 1)], [docs(NO), docs(NO, 1)]
    # a table gives the same bits twice; a product of matrices may round otherwise at another place of the memory
    for model, slack in ((Table(260), 0.0), (module, 1e-6)):
        lesson = preferences(model, *batches, 0.3, 0)
        for batch in (0, 1):
            loss = float(lesson.loss(model, batch).detach())
            assert abs(loss - float(torch.tensor(2.0).log())) <= slack and loss == pytest.approx(math.log(2), abs=1e-6)
            assert lesson.size(batch) == ((3, 33) if batch == 0 else (1, 11))


def test_the_reference_is_read_once(module, monkeypatch):
    calls = []
    real = lessons.margins
    monkeypatch.setattr(lessons, "margins", lambda *given: calls.append(torch.is_grad_enabled()) or real(*given))
    lesson = preferences(module, [docs(YES)] * 2, [docs(NO)] * 2, 0.1, 0)
    kept = [reference.clone() for reference in lesson.reference]
    assert calls == [False, False]
    trajectory(module, lesson, Course((5,), 1e-3))
    assert calls == [False] * 2 + [True] * 5 and all(map(torch.equal, kept, lesson.reference))


def test_preference_gradient_is_the_one_written_by_hand():
    model, beta = Table(12), 0.7
    chosen, rejected = [answered((1, 2), (5,))], [answered((1, 2), (6,))]
    lesson = preferences(model, [chosen], [rejected], beta, 0)
    with torch.no_grad():
        model.rows.weight[2, 5] += 0.4
    lesson.loss(model, 0).backward()
    # m = logit 5 − logit 6 after token 2, and it has moved by .4; the normaliser cancels
    pull = -beta * torch.sigmoid(torch.tensor(-beta * 0.4))
    wanted = torch.zeros(12, 12)
    wanted[2, 5], wanted[2, 6] = pull, -pull
    assert torch.allclose(model.rows.weight.grad, wanted, atol=1e-6) and float(pull) < -0.2


def test_a_shorter_course_is_the_beginning_of_a_longer_one_and_a_seed_repeats_it(tiny_module):
    lesson = Answers([docs(YES), docs(NO)], 0)
    runs = [trajectory(tiny_module("gpt2", 260), lesson, Course(doses, 1e-3)) for doses in ((2, 5), (2,), (2, 5))]
    long, short, again = runs
    assert set(long.states) == {0, 2, 5} and long.losses[:2] == short.losses and len(long.losses) == 5
    for name, weight in long.states[2].items():
        assert torch.equal(weight, short.states[2][name]) and torch.equal(long.states[5][name], again.states[5][name])
        assert torch.equal(weight, long.states[0][name]) == torch.equal(weight, long.states[5][name])
    # 3 examples of 5 tokens, then 3 of 6
    assert long.spent == {0: {"steps": 0, "examples": 0, "trained_tokens": 0},
                          2: {"steps": 2, "examples": 6, "trained_tokens": 33},
                          5: {"steps": 5, "examples": 15, "trained_tokens": 81}}  # fmt: skip


def test_imitation_is_the_mean_over_answer_tokens(module):
    lesson = Answers([docs(NO, 1)], 0)
    logs = module(torch.tensor([[*HEAD, 10, *NO]])).logits.log_softmax(-1)[0]
    assert float(lesson.loss(module, 0).detach()) == pytest.approx(-float(logs[3, 8] + logs[4, 9]) / 2, abs=1e-5)


def test_a_training_that_breaks_is_one_line(module):
    with pytest.raises(WorkbenchError, match="broke the training at step"):
        trajectory(module, Answers([docs(YES)], 0), Course((20,), 1e25))


@pytest.mark.parametrize("bad, words", [
    ({"doses": [0, 1]}, "no numbers of steps"), ({"doses": []}, "no numbers of steps"),
    ({"doses": [1, 1]}, "different"),
    ({"rate": 0.0}, "above 0"), ({"batch": 0}, "above 0"), ({"speed": 1}, "the option 'speed'"),
])  # fmt: skip
def test_bad_settings_are_one_line(bad, words):
    with pytest.raises(WorkbenchError, match=words):
        course({"rate": 1e-3}, bad)
    assert course({"rate": 1e-3}, {"doses": [4, 2]}) == Course((2, 4), 1e-3)


def test_a_bad_beta_is_said(module):
    with pytest.raises(WorkbenchError, match="beta"):
        preferences(module, [docs(YES)], [docs(NO)], 0.0, 0)
