"""The autoscaler once more, pod by pod in simpy and with the law in fractions: slow, and written without the library."""

import math
from fractions import Fraction

import simpy

SAMPLE_S = 0.5  # between whole seconds, on which everything happens


class Oracle:
    """Whole seconds everywhere; demand: a list with one value for each step, None in a gap."""

    def __init__(self, demand, step, capacity, scaler, *, initial, passes=math.inf, most_serving=10**9, failures=()):
        self.demand, self.step, self.capacity, self.scaler = demand, step, capacity, scaler
        self.passes, self.most_serving = passes, most_serving
        self.env = simpy.Environment()
        self.pods = [{"born": -1, "ready": -(10**9), "gone": math.inf} for _ in range(initial)]
        self.recommended, self.moves = [(0, initial)], []
        self.asked_at, self.serving_at = [], []
        self.short_s, self.unserved = 0, Fraction(0)
        for time, share in failures:
            self.env.process(self.fail(time, share))
        self.env.process(self.control())
        self.env.process(self.meter())
        self.env.run(until=len(demand) * step)

    def rate(self, time):
        return self.demand[int(max(0, time) // self.step)]

    def alive(self):
        return [pod for pod in self.pods if pod["gone"] == math.inf]

    def serving(self, time):
        """The oldest ready ones, as many as find a connection."""
        there = [pod for pod in self.pods if pod["ready"] <= time < pod["gone"]]
        return there[: self.most_serving]

    def fail(self, time, share):
        yield self.env.timeout(time)
        serving = self.serving(time)
        lost = math.ceil(Fraction(share) * len(serving))
        for pod in serving[len(serving) - lost :]:
            pod["gone"] = time
        self.add(lost)

    def add(self, count):
        now = self.env.now
        self.pods += [{"born": now, "ready": now + self.scaler.startup_s, "gone": math.inf} for _ in range(count)]

    def control(self):
        while True:
            now = self.env.now
            wanted = self.look(now)
            alive = self.alive()
            if wanted is not None and wanted != len(alive):
                self.moves.append((now, wanted - len(alive)))
                self.add(max(0, wanted - len(alive)))
                alive.reverse()  # the newest first, also of those that are ready at one time
                alive.sort(key=lambda pod: pod["ready"], reverse=True)
                for pod in alive[: max(0, len(alive) - wanted)]:
                    pod["gone"] = now
            yield self.env.timeout(self.scaler.sync_s)

    def look(self, now):
        """What behaviour lets it ask for; None without a metric."""
        seen_at, asked = now - self.scaler.metrics_lag_s, len(self.alive())
        rate = self.rate(seen_at)
        then = self.serving(seen_at)
        if rate is None:
            return None
        target = Fraction(str(self.scaler.target_utilization))
        if self.scaler.metric == "demand":
            ratio = Fraction(rate) / (asked * self.capacity * target)
            recommended = asked if self.stays(ratio) else math.ceil(ratio * asked)
        else:
            measured = [pod for pod in then if pod["gone"] == math.inf]
            if not measured:
                return None
            used = min(Fraction(1), Fraction(min(rate, self.passes)) / (len(then) * self.capacity))
            recommended = self.law([used] * len(measured), asked - len(measured), asked, target)
        return self.behave(now, asked, recommended)

    def stays(self, ratio):
        return abs(ratio - 1) <= Fraction(str(self.scaler.tolerance))

    def law(self, shares, unready, asked, target):
        ratio = Fraction(math.floor(100 * sum(shares) / len(shares))) / (100 * target)
        if ratio <= 1 or not unready:
            return asked if self.stays(ratio) else math.ceil(ratio * len(shares))
        shares = shares + [Fraction(0)] * unready
        ratio = Fraction(math.floor(100 * sum(shares) / len(shares))) / (100 * target)
        if self.stays(ratio) or ratio < 1:
            return asked
        return max(asked, math.ceil(ratio * len(shares)))

    def behave(self, now, asked, recommended):
        up, down = self.scaler.scale_up, self.scaler.scale_down
        lower = min([recommended, *(one for at, one in self.recommended if at > now - up.stabilization_s)])
        upper = max([recommended, *(one for at, one in self.recommended if at > now - down.stabilization_s)])
        self.recommended.append((now, recommended))
        wanted = min(max(asked, lower), upper)
        if wanted > asked:
            return min(wanted, max(asked, self.limit(now, asked, up, 1)), self.scaler.max_replicas)
        if wanted < asked:
            return max(wanted, min(asked, self.limit(now, asked, down, -1)), self.scaler.min_replicas)
        return asked

    def limit(self, now, asked, rules, sign):
        limits = []
        for policy in rules.policies:
            begun = asked - sum(move for at, move in self.moves if at > now - policy.period_s)
            if policy.kind == "Pods":
                limits.append(begun + sign * policy.value)
            else:
                exact = begun * (1 + sign * Fraction(policy.value, 100))
                limits.append(math.ceil(exact) if sign > 0 else math.trunc(exact))
        if rules.select == "Disabled":
            return asked
        change = max if rules.select == "Max" else min
        return asked + sign * change(sign * (each - asked) for each in limits)

    def meter(self):
        yield self.env.timeout(SAMPLE_S)
        while True:
            second = int(self.env.now)
            serving = len(self.serving(self.env.now))
            self.asked_at.append(len(self.alive()))
            self.serving_at.append(serving)
            rate = self.rate(second)
            can = min(serving * self.capacity, self.passes)
            if rate is not None and rate > can:
                self.short_s += 1
                self.unserved += Fraction(rate) - Fraction(can)
            yield self.env.timeout(1)
