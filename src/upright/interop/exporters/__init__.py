FORMATS = ()


def export_run() -> None: ...
