"""Pages whose markers name the last item shown, so that new items do not shift the next page."""

import base64

from replies import Refusal

PAGE = 50


def page(items, marker, member, shape, size=PAGE):
    """One page of items with an `id`."""
    start = 0
    if marker:
        last = named(marker)
        places = [index for index, item in enumerate(items) if item.id == last]
        if not places:
            raise Refusal("InvalidRequestException", f"Marker '{marker}' is not valid.")
        start = places[0] + 1
    shown = items[start : start + size]
    answer = {member: [shape(item) for item in shown]}
    if start + size < len(items):
        answer["Marker"] = base64.urlsafe_b64encode(shown[-1].id.encode()).decode()
    return answer


def named(marker):
    try:
        return base64.urlsafe_b64decode(marker.encode()).decode("utf-8", "replace")
    except ValueError:
        return None
