"""Options of commands that run a trained network, with the defaults of Darknet's programs."""

from __future__ import annotations

from darknet_py.options.flag import flags_of
from darknet_py.options.inference import (
    ClassifyOptions,
    DetectOptions,
    ExportOptions,
    GenerateOptions,
    ListedOptions,
    PerplexityOptions,
    PredictOptions,
)


def test_the_threshold_is_the_forks_and_the_words() -> None:
    options = DetectOptions(cfg="c", weights="w")
    assert (options.least_score, options.hier, options.nms, options.batch) == (
        0.24,
        0.5,
        0.45,
        None,
    )
    assert DetectOptions(cfg="c", weights="w", data="d").least_score == 0.25
    assert DetectOptions(cfg="c", weights="w", fork="pjreddie").least_score == 0.5
    assert DetectOptions(cfg="c", weights="w", data="d", thresh=0.0).least_score == 0


def test_classifiers() -> None:
    assert PredictOptions(cfg="c", weights="w").top is None
    assert ClassifyOptions(cfg="c", weights="w").top == 5
    assert ListedOptions(cfg="c", weights="w").batch == 8
    assert list(flags_of(ListedOptions))[:2] == ["batch", "top"]


def test_recurrent_networks() -> None:
    options = GenerateOptions(cfg="c", weights="w")
    assert (options.length, options.temp, options.seed, options.srand) == (1000, 0.7, "\n\n", None)
    assert flags_of(GenerateOptions)["length"].spellings == ("--len",)
    assert PerplexityOptions(cfg="c", weights="w").file is None


def test_export() -> None:
    options = ExportOptions(cfg="c", weights="w")
    assert (options.format, options.form, options.batch, options.dynamic) == (
        "onnx",
        "heads",
        1,
        "",
    )
    assert "onnx" in flags_of(ExportOptions)["format"].choices
