"""Scripts as people wrote them for OpenCV 4's dnn: eight typical forms, three of each.

Each is called with a cfg, a .weights file and an image, and prints lists as lines of JSON.
"""

from __future__ import annotations

START = """
import json, sys
import cv2
import numpy as np
cfg, weights, image = sys.argv[1:]
frame = cv2.imread(image)
height, width = frame.shape[:2]
"""
SHOW = """
for c, s, b in zip(classes, scores, boxes):
    print(json.dumps([int(c), float(s), [int(v) for v in b]]))
"""
LOOP = """
boxes, confidences, class_ids = [], [], []
for out in outs:
    for detection in out:
        scores = detection[5:]
        class_id = np.argmax(scores)
        confidence = scores[class_id]
        if confidence > 0.3:
            centre_x, centre_y = int(detection[0] * width), int(detection[1] * height)
            w, h = int(detection[2] * width), int(detection[3] * height)
            boxes.append([int(centre_x - w / 2), int(centre_y - h / 2), w, h])
            confidences.append(float(confidence))
            class_ids.append(int(class_id))
indexes = cv2.dnn.NMSBoxes(boxes, confidences, 0.3, 0.4)
"""
NEW_INDEX = """
for i in indexes:
    print(json.dumps([class_ids[i], confidences[i], boxes[i]]))
"""
OLD_INDEX = NEW_INDEX.replace("in indexes:", "in indexes:\n    i = i[0]")
FLAT_INDEX = NEW_INDEX.replace("in indexes", "in np.array(indexes).flatten()")
READ = "net = cv2.dnn.readNetFromDarknet(cfg, weights)\n"
BLOB = "blob = cv2.dnn.blobFromImage(frame, 1 / 255.0, (256, 256), swapRB=True, crop=False)\n"
NAMES = "outs = net.forward(net.getUnconnectedOutLayersNames())\n"
MODEL = "model.setInputParams(size=(256, 256), scale=1 / 255, swapRB=True)\n"
OLD_LAYERS = "ln = [ln[i[0] - 1] for i in net.getUnconnectedOutLayers()]\n"
NEW_LAYERS = "ln = [ln[i - 1] for i in net.getUnconnectedOutLayers()]\n"
GET_LAYERS = BLOB + "net.setInput(blob)\nln = net.getLayerNames()\n"

DETECTION_MODEL = (
    READ
    + "model = cv2.dnn_DetectionModel(net)\n"
    + MODEL
    + "classes, scores, boxes = model.detect(frame, 0.3, 0.4)\n"
    + SHOW,
    "model = cv2.dnn_DetectionModel(weights, cfg)\n"
    "model.setInputSize(320, 320)\nmodel.setInputScale(1.0 / 255)\nmodel.setInputSwapRB(True)\n"
    "classes, scores, boxes = model.detect(frame, confThreshold=0.2, nmsThreshold=0.5)\n" + SHOW,
    "model = cv2.dnn.DetectionModel(cfg, weights)\n"
    + MODEL
    + "model.setNmsAcrossClasses(True)\nmodel.setInputCrop(True)\n"
    + "classes, scores, boxes = model.detect(frame[:300], 0.25, 0.3)\n"
    + SHOW,
)
"""readNetFromDarknet or the two files, DetectionModel, its settings, detect."""
FORWARD_NAMES = (
    "net = cv2.dnn.readNet(weights, cfg)\n" + BLOB + "net.setInput(blob)\n" + NAMES + LOOP,
    "net = cv2.dnn.readNet(cfg, weights)\n"
    + "net.setInput(cv2.dnn.blobFromImage(frame, 1, (256, 256), (0, 0, 0), True), '', 1 / 255)\n"
    + NAMES
    + LOOP,
    "net = cv2.dnn.readNet(weights, cfg, 'darknet')\n"
    + "blob = cv2.dnn.blobFromImages([frame, frame[::-1]], 1 / 255.0, (256, 256), swapRB=True)\n"
    + "net.setInput(blob)\n"
    + NAMES
    + "outs = [out[0] for out in outs]\n"
    + LOOP,
)
"""readNet in either order, blobFromImage, setInput, forward of all heads, NMSBoxes."""
OLD_NUMBERS = (
    READ + GET_LAYERS + OLD_LAYERS + "outs = net.forward(ln)\n" + LOOP + OLD_INDEX,
    READ
    + GET_LAYERS
    + "outs = net.forward([ln[n[0] - 1] for n in list(net.getUnconnectedOutLayers())])\n"
    + LOOP
    + FLAT_INDEX,
    READ
    + MODEL.replace("model", "model = cv2.dnn_DetectionModel(net)\nmodel", 1)
    + "classes, scores, boxes = model.detect(frame, 0.3, 0.4)\n"
    + SHOW.replace("int(c)", "int(c[0])").replace("float(s)", "float(s[0])"),
)
"""From before OpenCV 4.5.4: numbers in lists of one."""
NEW_NUMBERS = (
    READ + GET_LAYERS + NEW_LAYERS + "outs = net.forward(ln)\n" + LOOP + NEW_INDEX,
    READ
    + GET_LAYERS
    + "outs = net.forward([ln[i - 1] for i in net.getUnconnectedOutLayers().flatten()])\n"
    + LOOP
    + FLAT_INDEX,
    READ
    + GET_LAYERS
    + "print(json.dumps([ln[3], len(ln), [int(i) for i in net.getUnconnectedOutLayers()]]))\n"
    + "outs = [net.forward(ln[i - 1]) for i in net.getUnconnectedOutLayers()]\n"
    + LOOP
    + NEW_INDEX,
)
"""getLayerNames with numbers that count from one."""
BACKENDS = (
    READ
    + "net.setPreferableBackend(cv2.dnn.DNN_BACKEND_OPENCV)\n"
    + "net.setPreferableTarget(cv2.dnn.DNN_TARGET_CPU)\n"
    + BLOB
    + "net.setInput(blob)\n"
    + NAMES
    + LOOP
    + NEW_INDEX,
    READ
    + "if '--gpu' in sys.argv:\n"
    + "    net.setPreferableBackend(cv2.dnn.DNN_BACKEND_CUDA)\n"
    + "    net.setPreferableTarget(cv2.dnn.DNN_TARGET_CUDA_FP16)\n"
    + "else:\n    net.setPreferableBackend(cv2.dnn.DNN_BACKEND_DEFAULT)\n"
    + BLOB
    + "net.setInput(blob)\n"
    + NAMES
    + LOOP
    + FLAT_INDEX,
    "model = cv2.dnn_DetectionModel(cfg, weights)\n"
    + "model.setPreferableBackend(cv2.dnn.DNN_BACKEND_OPENCV)\n"
    + "model.setPreferableTarget(cv2.dnn.DNN_TARGET_CPU)\n"
    + "model.setInputParams(1 / 255, (256, 256), (0, 0, 0), True, False)\n"
    + "classes, scores, boxes = model.detect(frame, 0.5, 0.4)\n"
    + SHOW,
)
"""A backend and a target first."""
CHECKED = (
    READ
    + "if net.empty():\n    sys.exit('no net')\n"
    + BLOB
    + "net.setInput(blob)\n"
    + NAMES
    + LOOP,
    "try:\n    net = cv2.dnn.readNetFromDarknet('missing.cfg', weights)\n"
    + "except cv2.error:\n    print(json.dumps(['fallback', 0, []]))\n    "
    + READ
    + "assert not net.empty()\n"
    + BLOB
    + "net.setInput(blob)\n"
    + NAMES
    + LOOP,
    READ
    + BLOB
    + "net.setInput(blob)\n"
    + "try:\n    net.forward(['nothing'])\nexcept cv2.error:\n"
    + "    print(json.dumps(['none', 1, []]))\n"
    + "print(json.dumps([net.getLayer(net.getLayerId('yolo_27')).type, net.getLayerId('x'), []]))\n"
    + NAMES
    + LOOP,
)
"""What may go wrong is looked for: empty nets, cv2.error."""
PROFILED = (
    READ
    + BLOB
    + "net.setInput(blob)\n"
    + NAMES
    + "t, _ = net.getPerfProfile()\n"
    + "label = 'Inference time: %.2f ms' % (t * 1000.0 / cv2.getTickFrequency())\n"
    + "assert 0 < t < 600 * cv2.getTickFrequency()\n"
    + "cv2.putText(frame, label, (0, 15), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 255))\n"
    + LOOP,
    READ
    + BLOB
    + "net.setInput(blob)\nouts = net.forward(['yolo_27', 'yolo_34'])\n"
    + "total, layers = net.getPerfProfile()\n"
    + "print(json.dumps(['layers', abs(layers.sum() - total) / total, list(layers.shape)]))\n"
    + LOOP,
    READ
    + "for _ in range(2):\n    net.setInput(cv2.dnn.blobFromImage(frame, 1 / 255, (256, 256),"
    + " swapRB=True))\n    "
    + NAMES
    + "fps = cv2.getTickFrequency() / net.getPerfProfile()[0]\nassert fps > 0\n"
    + LOOP,
)
"""Times are asked for."""
OTHERS = (
    "with open(cfg, 'rb') as a, open(weights, 'rb') as b:\n"
    + "    net = cv2.dnn.readNetFromDarknet(np.frombuffer(a.read(), np.uint8),"
    + " np.frombuffer(b.read(), np.uint8))\n"
    + BLOB
    + "net.setInput(blob)\n"
    + NAMES
    + LOOP,
    READ
    + BLOB
    + "net.setInput(blob)\n"
    + "names = ['conv_0', 'bn_0', 'leaky_1', 'permute_27']\n"
    + "for name, out in zip(names, net.forward(names)):\n"
    + "    print(json.dumps([name, float(out.mean()), list(out.shape)]))\n"
    + "print(json.dumps(['last', float(net.forward()[:, :5].mean()), list(net.forward().shape)]))\n"
    + "outs = []\n"
    + LOOP,
    READ
    + "blob = cv2.dnn.blobFromImage(frame, 1 / 255.0, (320, 192), swapRB=True)\n"
    + "net.setInput(blob, 'data')\n"
    + NAMES
    + LOOP
    + FLAT_INDEX,
)
"""Buffers instead of files, inner layers, a blob of another size than the cfg's."""

FORMS = {
    "detection model": DETECTION_MODEL,
    "forward names": FORWARD_NAMES,
    "old numbers": OLD_NUMBERS,
    "new numbers": NEW_NUMBERS,
    "backends": BACKENDS,
    "checked": CHECKED,
    "profiled": PROFILED,
    "others": OTHERS,
}


def scripts() -> dict[str, str]:
    """Name -> text; a loop without its own way through the boxes that stay gets the usual one."""
    found = {}
    for form, texts in FORMS.items():
        for number, text in enumerate(texts, 1):
            found[f"{form} {number}"] = START + text + (NEW_INDEX if text.endswith(LOOP) else "")
    return found


def for_new_opencv(text: str) -> str:
    """The same for OpenCV 4.13, which has no numbers in lists of one any more."""
    for old in ("i = i[0]", "i[0] - 1", "n[0] - 1", "int(c[0])", "float(s[0])"):
        text = text.replace(old, old.replace("[0]", ""))
    return text
