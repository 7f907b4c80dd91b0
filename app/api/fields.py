"""Single values of request bodies, with their limits."""

import re
from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator, StringConstraints
from pydantic_core import PydanticCustomError

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Email = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^@\s]+@[^@\s]+$", max_length=320)]


def _written(value: Any) -> Any:
    """Pydantic would take a number as seconds since 1970, so that 20261120 became a day of that year."""
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        return value
    raise PydanticCustomError("date_format", "a date is written YYYY-MM-DD")


WrittenDate = Annotated[date, BeforeValidator(_written)]
