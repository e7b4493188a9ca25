"""What may differ between the two Darknet programs, field by field: a field has one effect."""

from __future__ import annotations

from dataclasses import dataclass, replace

from darknet_py.forks.log_rules import LogRules
from darknet_py.forks.update_rules import UpdateRules


@dataclass(frozen=True, kw_only=True)
class LayerRules:
    """What layers compute."""

    dropout: float
    """default `probability` of [dropout]."""
    dropblock: bool
    """[dropout] with dropblock=1 drops squares in training; otherwise single values."""
    cross_batchnorm: bool
    """[convolutional] with cbn=1 or batch_normalize=2 is normalised in training by statistics
    averaged over the sub-batches of an update; otherwise by those of each sub-batch."""
    excitation: bool
    """[convolutional] with assisted_excitation is shown in training where the labels are."""
    rnn_hidden: bool
    """[rnn] has a state of `hidden` values; otherwise the state has `output` values."""
    shortcut_alpha: bool
    """[shortcut] reads alpha and beta, and one layer in `from`; otherwise several, unscaled."""
    maxpool_zero_nonmax: bool
    """[maxpool] with maxpool_zero_nonmax=1 keeps local maxima alone; otherwise it does nothing."""
    region_raw_location: bool
    """[region] leaves x and y raw in its output and applies the logistic when boxes are decoded."""
    region_raw_classes: bool
    """[region] without softmax and tree leaves class scores raw; otherwise logistic."""
    yolo_scale_x_y: bool
    """[yolo] stretches x and y around the middle of a cell by scale_x_y; otherwise it never
    does."""
    yolo_new_coords: bool
    """[yolo] with new_coords=1 takes its input as it is and squares sizes; otherwise new_coords
    does nothing."""


@dataclass(frozen=True, kw_only=True)
class WeightsRules:
    """What a .weights file holds."""

    revision: int
    """third number of the header of a .weights file written from scratch."""
    batchnorm_biases: bool
    """a stand-alone [batchnorm] stores biases before its scales."""
    gru_order: tuple[str, ...]
    """the six matrices of [gru] in file order (w: state, u: input)."""
    lstm_order: tuple[str, ...]
    """the eight matrices of [lstm] in file order (w: state, u: input)."""
    lstm_tools: bool
    """`reset`, `normalize`, `denormalize` and `statistics` know [lstm]."""
    whole_iterations: bool
    """a weights tool writes the images seen in whole iterations of the cfg; otherwise as read."""
    oneoff_start: float
    """by what `oneoff` multiplies the random start of what the file does not hold."""


@dataclass(frozen=True, kw_only=True)
class ImageRules:
    """How image files are read, by every command."""

    upright: bool
    """images are turned as their EXIF orientation says, as OpenCV does it; otherwise they are taken
    as they are stored."""


@dataclass(frozen=True, kw_only=True)
class PictureRules:
    """Pictures that networks make."""

    nightmare_grey: float
    """how far each step of `nightmare` pulls the image towards grey."""


@dataclass(frozen=True, kw_only=True)
class DetectRules:
    """Which boxes detection and evaluation find."""

    letter_box: bool
    """`detect` pads the image to keep its aspect; otherwise it stretches it."""
    detect_thresh: float
    """default of `detect -thresh`."""
    test_thresh: float
    """default of `detector test -thresh`."""
    valid_thresh: float
    """score a box must be above in `detector valid`."""
    valid_nms: float
    """overlap above which the weaker box goes in `detector valid`."""
    cell_order: bool
    """boxes stay in the order of the head's cells; otherwise suppression sorts them by the score of
    their last class."""
    yolov1_cells: bool
    """`yolo` and `coco` leave boxes in the order of cells, and print only the best class of
    each."""
    nms_kinds: bool
    """nms_kind and beta_nms of the last head choose the suppression; otherwise do_nms_sort."""
    region_needs_objectness: bool
    """a [region] box needs objectness above the threshold; otherwise only class scores count."""
    region_hier_thresh: bool
    """[region] with a tree descends with -hier; otherwise the last class above .5 counts."""
    coco_id_after_underscore: bool
    """COCO's image_id is the number behind the last _ of the file name; otherwise the number the
    name begins with, or that behind the last _ where it begins with none (COCO_val2014_...)."""
    demo_nms: float
    """overlap above which the weaker box goes in `demo`."""
    demo_bytewise: bool
    """`demo` stretches frames by OpenCV in whole byte values; otherwise in real numbers."""
    demo_hier: bool
    """`demo` descends a class tree with -hier; otherwise with -thresh."""
    demo_objectness: bool
    """in `demo` boxes are suppressed by objectness, whatever their classes; otherwise as in
    `detect`."""
    demo_mean: int
    """frames whose raw outputs `demo` takes the mean of."""
    tracks_embeddings: bool
    """`demo` numbers objects by embedding_layer= of the last [yolo], where that has one."""
    out_names_image: bool
    """`detector test -out NAME` names the image, unless NAME ends in .json; otherwise the JSON
    file."""


@dataclass(frozen=True, kw_only=True)
class ClassifyRules:
    """What classifiers look at and answer."""

    valid_square: bool
    """`classifier valid` stretches the middle square of the image; otherwise it cuts the input from
    the middle of the image resized to the input's width."""
    predict_letterbox: bool
    """`classifier predict` letterboxes the image; otherwise it looks at what `valid` does."""
    demo_letterbox: bool
    """`classifier demo` letterboxes frames; otherwise it stretches them."""
    multi_longer_side: bool
    """the sizes of `classifier validmulti` are those of the longer side; otherwise of the
    shorter."""
    multi_sizes: tuple[int, ...]
    """sizes in pixels of `classifier validmulti`."""
    predict_leaves: bool
    """`classifier predict` with a class tree names leaves only; otherwise any class."""


@dataclass(frozen=True, kw_only=True)
class SampleRules:
    """Labels and images as training takes them."""

    label_rule: str
    """where an image's label file lies: "folders" turns /images/train2017/, /images/val2017/ (2014
    likewise) and /JPEGImages/ into their labels/ twins and leaves other folders, so that labels lie
    beside images; "words" turns the first "images", "JPEGImages" and "raw" of the path, wherever
    they stand, into "labels"."""
    drops_under_a_pixel: bool
    """training drops boxes narrower or lower than a pixel of the network's input; otherwise those
    under a thousandth of the image."""
    least_cell_side: float
    """width and height, as shares of the image, under which training of [detection] (YOLOv1's
    cells) leaves a label out."""
    most_labels: int
    """default of `max`, the labels of one image that training takes; but of [region]:"""
    region_most_labels: int
    """its default of `max`."""
    truth_size: int
    """values of one label in truth arrays: x y w h class, and a track number in AlexeyAB's."""
    canvas: bool
    """detectors: the image is drawn on a grey canvas, labels beside the image that the canvas shows
    are kept, colours change in floating point, and every other image is flipped; otherwise the
    image is cropped with a border, and flip, resize, blur, gaussian_noise, mixup, mosaic and
    letter_box are read."""
    square_sizes: bool
    """random=1 of the last head trains at squares of 320 to 608; otherwise at sizes around
    [net]'s."""
    dynamic_minibatch: bool
    """with dynamic_minibatch=1 and random=1 smaller inputs come in larger mini-batches; otherwise
    mini-batches have always as many images."""
    crop_ratios: bool
    """classifiers are trained on pieces sized by min_ratio and max_ratio, which may reach beyond
    the image, or on the middle with center=1, and flipped every other time; otherwise on pieces
    sized by min_crop and max_crop, and flip, blur, mixup, cutmix and mosaic count."""
    detector_mix_parts: int
    """into how many parts the loader's threads divide the images of an update; with mixup or mosaic
    a coin for each part says whether its images are mixed. 0: there is no mixing. Classifiers:"""
    classifier_mix_parts: int
    """theirs, with mixup, cutmix or mosaic."""
    sequences: bool
    """detectors: track=1 takes images in sequence, as augment_speed, sequential_subdivisions and
    seq_scales say; otherwise these do nothing."""
    label_smoothing: bool
    """label_smooth_eps spreads a part of a classifier's label over the other classes."""
    pairs: bool
    """contrastive=1 of [net] loads every image twice, and unsupervised=1 needs no labels."""
    tags: bool
    """tag=1 of the .data file means images with several classes."""
    stream_jumps: int
    """a stream of a recurrent net in training goes on elsewhere in the text before 1 of so many
    passes."""


@dataclass(frozen=True, kw_only=True)
class LossRules:
    """Losses."""

    yolo_plain: bool
    """[yolo] is trained on squared errors without normalizers and further options, and of several
    labels for one box the last one counts; otherwise AlexeyAB's options work and deltas add up."""
    delta_rejection: bool
    """[yolo] leaves deltas out as badlabels_rejection_percentage, num_sigmas_reject_badlabels and
    equidistant_point of [net] say; otherwise they do nothing."""
    filter_rejection: bool
    """filters that are like others start again as often as weights_reject_freq of [net] says;
    otherwise it does nothing."""
    fix_nan: bool
    """with try_fix_nan=1 of [net] values that are not finite are replaced and training goes on;
    otherwise it does nothing."""
    region_small_boxes: bool
    """[region] weighs a label's coordinates by 2 - w*h in training; otherwise all alike."""
    region_classfix: bool
    """[region] is trained with classfix and focal_loss; otherwise they do nothing."""
    region_many_classes: bool
    """[region] without softmax and tree: a second label of a box adds its class; otherwise the
    last label of a box sets all classes."""
    region_class_only_objectness: bool
    """[region]: a label without a box (YOLO9000) also teaches its image's other boxes to hold no
    object; otherwise it teaches classes only."""
    region_cost_slope: bool
    """the cost [region] shows holds the derivative of the logistic, as its delta does."""
    cost_kinds: bool
    """[cost] knows seg, L1, wgan, noobj and thresh; otherwise these types count as sse."""


@dataclass(frozen=True, kw_only=True)
class SavingRules:
    """When training keeps weights, and under which names."""

    detector_backup: bool
    """detectors: NAME.backup every 100 updates, numbered weights every 100 up to 1000 and then
    every 10000; otherwise NAME_last.weights every 100 and numbered ones every 1000 (10000 in long
    trainings), as savelast and saveweights of the .data file say."""
    classifier_epochs: bool
    """classifiers: NAME.backup every 1000, weights numbered by passes over the list, and
    NAME.weights at the end; otherwise as detectors of AlexeyAB's program."""
    rnn_seldom: bool
    """recurrent nets: NAME.backup every 100 passes and numbered ones every 10000; otherwise 10 and
    1000."""
    go_seldom: bool
    """networks for Go: NAME.backup every 1000 updates; otherwise every 100."""


@dataclass(frozen=True, kw_only=True)
class GoRules:
    """How `go` reads moves and what it shows."""

    names_players: bool
    """a row of a file of moves begins with who moves and who wins, and may be a pass; otherwise it
    begins with the move."""
    candidates: int
    """how many of the best moves are shown."""
    dots: bool
    """a board shows free points as dots; otherwise as blanks, below two empty lines."""


@dataclass(frozen=True, kw_only=True)
class Fork:
    """The differences in numbers between pjreddie's Darknet and AlexeyAB's."""

    name: str
    layers: LayerRules
    weights: WeightsRules
    images: ImageRules
    pictures: PictureRules
    detect: DetectRules
    classify: ClassifyRules
    samples: SampleRules
    loss: LossRules
    update: UpdateRules
    saving: SavingRules
    go: GoRules
    log: LogRules

    def reading(self, *, upright: bool) -> Fork:
        """The same program built so that it turns images, or leaves them as they are stored."""
        return replace(self, images=replace(self.images, upright=upright))

    def yolov1_words(self, *, valid_thresh: float) -> Fork:
        """The rules of the words `yolo` and `coco`, which are older than `detector`: both programs
        stretch images, suppress at .5 in `valid`, print what pjreddie's `detector` prints, and keep
        the last weights as it does."""
        detect = replace(
            self.detect,
            letter_box=False,
            valid_thresh=valid_thresh,
            valid_nms=0.5,
            coco_id_after_underscore=True,
            cell_order=self.detect.yolov1_cells,
        )
        log = replace(
            self.log,
            seconds=True,
            suppression_order=True,
            best_class_only=self.detect.yolov1_cells,
            announces_heads=False,
            heads_on_stdout=True,
            update_title=False,
        )
        saving = replace(self.saving, detector_backup=True)
        return replace(self, detect=detect, log=log, saving=saving)
