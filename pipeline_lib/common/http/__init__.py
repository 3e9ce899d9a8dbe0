"""One HTTP call, bounded in time and size. What a status means is for the caller to say."""

from pipeline_lib.common.http.client import send
from pipeline_lib.common.http.messages import Answer, Limits, Request

__all__ = ["Answer", "Limits", "Request", "send"]
