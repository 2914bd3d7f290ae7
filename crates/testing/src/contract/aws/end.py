results = {}
cases = [(name, case) for name, case in globals().items() if name.startswith('case_')]
for name, case in cases:
    if (name in BEYOND) != IS_BEYOND and IS_BEYOND is not None:
        continue
    try:
        case()
        results[name] = None
    except Exception:
        results[name] = traceback.format_exc(limit=-2)
print(json.dumps(results))
