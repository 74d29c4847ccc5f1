"""What a risk is worth: the challenge's utility, ranking, calibration, and alerts as edges."""

import numpy as np

EARLY, BEST, LATE = -12, -6, 3
REWARD, MISS, FALSE_ALARM = 1.0, -2.0, -0.05


def gains(stays):
    """The utility of each hour with an alert and without one (Reyna 2020: 1 at -6 h, down to 0 at -12 h and +3 h; a miss
    costs up to 2 at +3 h; a false alarm 0.05). After +3 h nothing counts."""
    since = (stays.row - stays.onset[stays.stay]).astype(float)
    septic = stays.septic[stays.stay]
    rise = REWARD / (BEST - EARLY)
    fall = -REWARD / (LATE - BEST)
    miss = MISS / (LATE - BEST)
    rising = np.maximum(rise * since - rise * EARLY, FALSE_ALARM)
    falling = fall * since - fall * LATE
    alert = np.where(since <= BEST, rising, np.where(since <= LATE, falling, 0.0))
    silent = np.where((since > BEST) & (since <= LATE), miss * since - miss * BEST, 0.0)
    return np.where(septic, alert, FALSE_ALARM), np.where(septic, silent, 0.0)


def best(stays):
    """The alerts of whoever knows everything: from 12 hours before onset to 3 hours after it."""
    since = stays.row - stays.onset[stays.stay]
    return stays.septic[stays.stay] & (since >= EARLY) & (since <= LATE)


def utility(stays, alerts):
    """The normalised utility of hourly alerts: 0 without any, 1 for the best."""
    with_alert, silent = gains(stays)
    total = np.where(alerts, with_alert, silent).sum()
    nothing = silent.sum()
    top = np.where(best(stays), with_alert, silent).sum()
    return (total - nothing) / (top - nothing)


def best_threshold(stays, scores, rows=None):
    """The threshold with the greatest utility over some rows."""
    with_alert, silent = gains(stays)
    gain = with_alert - silent
    if rows is not None:
        scores, gain = scores[rows], gain[rows]
    order = np.argsort(-scores, kind="stable")
    total = np.cumsum(gain[order])
    place = int(np.argmax(total))
    after = scores[order][min(place + 1, len(order) - 1)]
    return float((scores[order][place] + after) / 2)


def auroc(labels, scores):
    order = np.argsort(scores, kind="stable")
    ranks = np.empty(len(scores))
    ranks[order] = np.arange(1, len(scores) + 1)
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.bincount(inverse, ranks) / counts)[inverse]
    hits = labels.sum()
    return float((ranks[labels > 0].sum() - hits * (hits + 1) / 2) / (hits * (len(labels) - hits)))


def auprc(labels, scores):
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(labels[order])
    last = np.concatenate([np.diff(scores[order]) != 0, [True]])
    hits, ranks = hits[last], (np.arange(len(scores)) + 1)[last]
    recall = hits / hits[-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * hits / ranks))


def calibration_error(labels, probabilities, bins=10):
    """Expected calibration error over bins of equally many hours."""
    parts = np.array_split(np.argsort(probabilities, kind="stable"), bins)
    return float(sum(abs(labels[part].mean() - probabilities[part].mean()) * len(part) for part in parts) / len(labels))


def reached(stays, scores, persistence):
    """The greatest score that each stay keeps for so many hours in a row, or more; minus infinity where it is shorter."""
    kept = scores.copy()
    for hours in range(1, persistence):
        earlier = np.concatenate([np.full(hours, -np.inf), scores])[: len(scores)]
        kept = np.minimum(kept, np.where(stays.row >= hours, earlier, -np.inf))
    return np.maximum.reduceat(kept, stays.starts)


def edges(stays, scores, on, off=None, persistence=1, refractory=0):
    """The hours at which an alert is raised: the score was at `on` or above for `persistence` hours in a row, after it was below
    `off`, and the last alert is at least `refractory` hours ago. Without hysteresis `off` is `on`."""
    off = on if off is None else off
    found = []
    # Only stays that ever reach the threshold can have alerts.
    for stay in np.unique(stays.stay[scores >= on]):
        first = stays.starts[stay]
        raised, last, run = False, None, 0
        for row, score in enumerate(scores[first : first + stays.lengths[stay]]):
            run = run + 1 if score >= on else 0
            if score < off:
                raised = False
            if not raised and run >= persistence:
                raised = True
                if last is None or row - last >= refractory:
                    last = row
                    found.append((stay, row))
    return np.array(found, dtype=np.int64).reshape(-1, 2)


def alerting(stays, found):
    """What alerts are worth to a patient and to who is called. Times are hours; onset is when the criteria were met."""
    stay, row = found[:, 0], found[:, 1]
    septic = stays.septic[stay]
    before = septic & (row <= stays.onset[stay])
    within = before & (row >= stays.onset[stay] - 12)
    alerted = len(np.unique(stay))
    warned = np.unique(stay[before])
    first = {}
    for s, r in zip(stay[before], row[before]):
        first.setdefault(s, r)
    lead = [stays.onset[s] - r for s, r in first.items()]
    days = len(stays) / 24
    total = max(int(stays.septic.sum()), 1)
    return {
        "alerts_per_patient_day": len(found) / days,
        "stays_alerted": alerted / len(stays.ids),
        "patient_ppv": len(np.unique(stay[septic])) / max(alerted, 1),
        "patient_ppv_before_onset": len(warned) / max(alerted, 1),
        "alert_ppv_12h": float(within.mean()) if len(found) else 0.0,
        "sensitivity_any_time": len(np.unique(stay[septic])) / total,
        "sensitivity_before_onset": len(warned) / total,
        "sensitivity_12h": len(np.unique(stay[within])) / total,
        "lead_time_median_hours": float(np.median(lead)) if lead else 0.0,
    }
