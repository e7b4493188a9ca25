"""What is written about DeepStack's paths in the OpenAPI document."""

from __future__ import annotations

from darknet_py.serve.schema import NUMBER, SHARE, TEXT, WHOLE, YES_OR_NO, answer, list_of, record

PREDICTION = record(
    label=TEXT, confidence=SHARE, x_min=WHOLE, y_min=WHOLE, x_max=WHOLE, y_max=WHOLE
)
FAILURE = record(
    success=YES_OR_NO,
    error=TEXT,
    message=TEXT,
    code=WHOLE,
    predictions=list_of(PREDICTION),
    count=WHOLE,
    duration=NUMBER,
)
FOUND = {
    "200": answer(
        "The objects, the most confident first; corners in pixels of the image",
        record(
            success=YES_OR_NO,
            message=TEXT,
            predictions=list_of(PREDICTION),
            count=WHOLE,
            command=TEXT,
            moduleId=TEXT,
            executionProvider=TEXT,
            canUseGPU=YES_OR_NO,
            inferenceMs=WHOLE,
            processMs=WHOLE,
            analysisRoundTripMs=WHOLE,
            duration=NUMBER,
            code=WHOLE,
        ),
    ),
    "400": answer("No image, or a number beyond 0 to 1", FAILURE),
    "404": answer("There is no network of that name", FAILURE),
    "503": answer("Too many images wait", FAILURE),
}
IMAGE_FORM = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["image"],
                "properties": {
                    "image": {"type": "string", "contentMediaType": "application/octet-stream"},
                    "min_confidence": {**SHARE, "default": 0.4},
                    "api_key": {**TEXT, "description": "The token, if the server has one"},
                },
            }
        }
    },
}
CUSTOM_MODEL = {
    "name": "model",
    "in": "path",
    "required": True,
    "schema": TEXT,
    "description": "Capitals and an ending such as .pt do not count",
}
MODELS = {
    "200": answer(
        "The names",
        record(
            success=YES_OR_NO,
            models=list_of(TEXT),
            command=TEXT,
            moduleId=TEXT,
            analysisRoundTripMs=WHOLE,
            code=WHOLE,
        ),
    )
}
_VERSION = record(
    major=WHOLE,
    minor=WHOLE,
    patch=WHOLE,
    build=WHOLE,
    preRelease=TEXT,
    securityUpdate=YES_OR_NO,
    file=TEXT,
    releaseNotes=TEXT,
)
VERSION = {
    "200": answer(
        "The version",
        record(success=YES_OR_NO, message=TEXT, version=_VERSION, code=WHOLE),
    )
}
UPDATE = {
    "200": answer(
        "The versions, which are one",
        record(
            success=YES_OR_NO,
            message=TEXT,
            updateAvailable=YES_OR_NO,
            version=_VERSION,
            current=_VERSION,
            latest=_VERSION,
            code=WHOLE,
        ),
    )
}
