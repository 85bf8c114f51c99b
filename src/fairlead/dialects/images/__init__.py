"""Images from words. Clients speak OpenAI's `/v1/images/generations`; who speaks that too gets it as it came."""

from typing import Final

from fairlead.dialects.images.client import Client
from fairlead.dialects.images.shape import Image, ImageProvider, ImageReply, ImageRequest
from fairlead.dialects.images.stability import Stability

__all__ = ["CLIENT", "IMAGE_MAKERS", "Image", "ImageProvider", "ImageReply", "ImageRequest"]

CLIENT: Final = Client()
IMAGE_MAKERS: Final[dict[str, ImageProvider]] = {side.name: side for side in (Stability(),)}
