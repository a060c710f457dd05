"""Reference lists: loaded as often as one likes, deactivated when a code vanishes, never half loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from beneficiaries.models import EducationLevel, EligibilityCriterion, Occupation, Qpv
from core import reference
from core.errors import DomainError
from core.reference import load_reference_lists, register_reference
from markets.models import Commune

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: Any) -> Path:
    """A folder of lists where only those that the test registers are loaded."""
    monkeypatch.setattr(reference, "_lists", {})
    register_reference("rome.csv", Occupation, {"label": "label"})
    return tmp_path


def write(folder: Path, *lines: str, name: str = "rome.csv", header: str = "code,label") -> None:
    (folder / name).write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")


def test_a_list_is_loaded_and_loading_again_changes_nothing(
    folder: Path, django_assert_num_queries: Any
) -> None:
    write(folder, "F1703,Maçonnerie", "F1702,Voirie")
    (first,) = load_reference_lists(folder)
    assert (first.created, first.changed, first.unchanged) == (2, 0, 0)
    (second,) = load_reference_lists(folder)
    assert (second.created, second.changed, second.unchanged, second.deactivated) == (0, 0, 2, 0)


def test_a_changed_label_is_changed_and_a_vanished_code_is_deactivated(folder: Path) -> None:
    write(folder, "F1703,Maçonnerie", "F1702,Voirie")
    load_reference_lists(folder)
    write(folder, "F1703,Maçonnerie et béton")
    (count,) = load_reference_lists(folder)
    assert (count.created, count.changed, count.deactivated) == (0, 1, 1)
    assert Occupation.objects.get(pk="F1703").label == "Maçonnerie et béton"
    assert not Occupation.objects.get(pk="F1702").is_active
    write(folder, "F1703,Maçonnerie et béton", "F1702,Voirie")
    load_reference_lists(folder)
    assert Occupation.objects.get(pk="F1702").is_active


@pytest.mark.parametrize("line", [",sans code", "F1703,deux fois"])
def test_a_line_that_cannot_be_read_is_named_and_nothing_is_loaded(folder: Path, line: str) -> None:
    write(folder, "F1703,Maçonnerie", line)
    with pytest.raises(DomainError, match=r"rome\.csv, ligne 3"):
        load_reference_lists(folder)
    assert not Occupation.objects.exists()


def test_a_missing_column_is_named(folder: Path) -> None:
    write(folder, "F1703", header="code")
    with pytest.raises(DomainError, match="ligne 2 : 'label'"):
        load_reference_lists(folder)


def test_several_files_fill_one_list_and_a_row_may_point_further_down(folder: Path) -> None:
    reference._lists.clear()
    fields = {"label": "name", "parent": "parent_code"}
    register_reference("a.csv", Commune, fields, position=1)
    register_reference("b.csv", Commune, fields, position=2)
    header = "code,name,parent_code"
    write(folder, "69381,Lyon 1er,69123", name="a.csv", header=header)
    write(folder, "69123,Lyon,", name="b.csv", header=header)
    load_reference_lists(folder)
    assert Commune.objects.get(pk="69381").parent_id == "69123"
    assert Commune.objects.filter(is_active=True).count() == 2
    assert [count.deactivated for count in load_reference_lists(folder)] == [0, 0]


def test_the_command_loads_the_real_lists_twice_without_a_change(capsys: Any) -> None:
    call_command("load_reference")
    assert "eligibility_criteria.csv" in capsys.readouterr().out
    assert Commune.objects.filter(pk="69149").exists()
    assert EligibilityCriterion.objects.filter(pk="rsa", is_active=True).exists()
    assert EducationLevel.objects.exists()
    assert Qpv.objects.exists()
    call_command("load_reference")
    assert all(" 0 créés, 0 modifiés" in line for line in capsys.readouterr().out.splitlines())


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CommandError):
        call_command("load_reference", directory=tmp_path)
