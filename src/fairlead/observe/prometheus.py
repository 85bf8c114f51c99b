"""The plain numbers of `metrics.py` as Prometheus' library writes them."""

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from fairlead.observe.metrics import Ended, Histogram, Metrics


def exposition(metrics: Metrics) -> bytes:
    """Every metric in the text format, version 0.0.4."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected(metrics))
    return generate_latest(registry)


class _Collected(Collector):
    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        yield self._calls()
        yield self._tokens()
        yield self._histogram("fairlead_call_seconds", "From first byte in to last byte out", lambda row: row.seconds)
        yield self._histogram("fairlead_overhead_seconds", "What Fairlead itself took of it", lambda row: row.overhead)
        attempts = CounterMetricFamily("fairlead_attempts", "Attempts, by failure or ok", labels=("provider", "result"))
        for (provider, result), count in self._metrics.attempts.items():
            attempts.add_metric((provider, result), count)
        yield attempts
        refused = CounterMetricFamily("fairlead_refused", "Requests that never became calls", labels=("code",))
        for code, count in self._metrics.refused.items():
            refused.add_metric((code,), count)
        yield refused
        alerts = CounterMetricFamily("fairlead_budget_alerts", "Budgets passed in part", labels=("budget", "percent"))
        for (budget, percent), count in self._metrics.alerts.items():
            alerts.add_metric((budget, str(percent)), count)
        yield alerts
        yield from self._targets()
        yield GaugeMetricFamily("fairlead_calls_open", "Calls that have begun and not ended", value=self._metrics.open)

    def _targets(self) -> Iterator[Metric]:
        """How targets fare in the process that is asked."""
        labels = ("provider", "model")
        about = "1: not asked, 0.5: by one call alone, 0: by all"
        left = GaugeMetricFamily("fairlead_target_left_alone", about, labels=labels)
        flying = GaugeMetricFamily("fairlead_target_attempts_open", "Attempts under way", labels=labels)
        latency = GaugeMetricFamily("fairlead_target_seconds", "Until an answer begins, of late", labels=labels)
        for provider, model, state, under_way, seconds in self._metrics.targets():
            left.add_metric((provider, model), state)
            flying.add_metric((provider, model), under_way)
            latency.add_metric((provider, model), seconds)
        yield from (left, flying, latency)

    def _calls(self) -> Metric:
        labels = ("endpoint", "provider", "status", "outcome")
        calls = CounterMetricFamily("fairlead_calls", "Calls ended", labels=labels)
        for (endpoint, provider, status, outcome), row in self._metrics.ended.items():
            calls.add_metric((endpoint, provider, str(status), outcome), row.calls)
        return calls

    def _tokens(self) -> Metric:
        tokens = CounterMetricFamily("fairlead_tokens", "Tokens, as providers counted", labels=("provider", "kind"))
        for provider, rows in self._by(1).items():
            tokens.add_metric((provider, "input"), sum(row.input_tokens for row in rows))
            tokens.add_metric((provider, "output"), sum(row.output_tokens for row in rows))
        return tokens

    def _histogram(self, name: str, about: str, of: Callable[[Ended], Histogram]) -> Metric:
        family = HistogramMetricFamily(name, about, labels=("endpoint",))
        for endpoint, rows in self._by(0).items():
            found = [of(row) for row in rows]
            family.add_metric((endpoint,), _cumulative(found), sum(one.total for one in found))
        return family

    def _by(self, place: int) -> dict[str, list[Ended]]:
        """The rows by one part of their key."""
        groups: dict[str, list[Ended]] = {}
        for key, row in self._metrics.ended.items():
            groups.setdefault(str(key[place]), []).append(row)
        return groups


def _cumulative(histograms: list[Histogram]) -> list[tuple[str, float]]:
    bounds = (*map(str, histograms[0].bounds), "+Inf")
    buckets, running = [], 0
    for place, bound in enumerate(bounds):
        running += sum(one.counts[place] for one in histograms)
        buckets.append((bound, float(running)))
    return buckets
