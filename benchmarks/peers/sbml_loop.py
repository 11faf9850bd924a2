"""libRoadRunner: CVODE on compiled SBML, subject after subject; doses by an event, or a call from dose to dose."""

import numpy as np
import plain

_FLOWS = {
    "g1": "-ktr * g1",
    "g2": "ktr * g1 - ktr * g2",
    "a": "ktr * g2 - cl * a / vc - q * (a / vc - p / vp)",
    "p": "q * (a / vc - p / vp)",
    "k": "kt * (a / vc - k)",
    **{f"u{i}": f"ks{i} - kc{i} * k / (km + k) * u{i} - kd{i} * u{i}" for i in "123"},
    **{f"c{i}": f"kc{i} * k / (km + k) * u{i} - kd{i} * c{i}" for i in "123"},
    "m": f"{plain.SEEDING!r} + kg * m / (1 + c1 / ic)",
}


def sbml(*, event: bool) -> str:
    """Return the problem as SBML; with an event that gives a dose and puts itself off by a day."""
    import libsbml

    document = libsbml.SBMLDocument(3, 2)
    model = document.createModel()
    model.setId("twelve")

    def quantity(name: str, value: float, *, constant: bool) -> None:
        one = model.createParameter()
        one.setId(name)
        one.setValue(value)
        one.setConstant(constant)

    for name, value in plain.THETA.items():
        quantity(name, value, constant=True)
    for name in plain.STATES:
        quantity(name, 0.0, constant=False)
        rule = model.createRateRule()
        rule.setVariable(name)
        rule.setMath(libsbml.parseL3Formula(_FLOWS[name]))
    if event:
        quantity("dose", plain.DOSE, constant=True)
        quantity("following", 24.0, constant=False)
        dosing = model.createEvent()
        dosing.setId("dosing")
        dosing.setUseValuesFromTriggerTime(True)
        trigger = dosing.createTrigger()
        trigger.setMath(libsbml.parseL3Formula("time >= following"))
        trigger.setInitialValue(False)
        trigger.setPersistent(True)
        for name, formula in (("g1", "g1 + dose"), ("following", "following + 24")):
            assigned = dosing.createEventAssignment()
            assigned.setVariable(name)
            assigned.setMath(libsbml.parseL3Formula(formula))
    return libsbml.writeSBMLToString(document)


class Runner:
    """One loaded model; a process of its own has one of its own.

    Parameters
    ----------
    event
        Whether an event gives the doses, or a call for each of them.
    stiff
        BDF, or Adams.
    """

    def __init__(self, rtol: float, atol: float, *, event: bool, stiff: bool) -> None:
        import roadrunner

        self.event = event
        self.runner = roadrunner.RoadRunner(sbml(event=event))
        settings = self.runner.integrator
        settings.relative_tolerance, settings.absolute_tolerance, settings.stiff = rtol, atol, stiff
        settings.maximum_num_steps = 1_000_000
        ids = list(self.runner.model.getGlobalParameterIds())
        self.inputs = [ids.index(name) for name in plain.NAMES]
        self.states = [ids.index(name) for name in plain.STATES]
        self.following = [ids.index("following")] if event else []
        self.columns = ["time", *plain.STATES]
        self.times = [0.0, *(24.0 * plain.OUTPUT_DAYS)]

    def solve(self, theta: np.ndarray) -> np.ndarray:
        """Solve one subject: (outputs, 12)."""
        self.runner.reset()
        model = self.runner.model
        model.setGlobalParameterValues(self.inputs, theta)
        model.setGlobalParameterValues(self.states, plain.initial(theta[None])[0])
        return self._by_event() if self.event else self._by_call()

    def _by_event(self) -> np.ndarray:
        self.runner.model.setGlobalParameterValues(self.states[:1] + self.following, [plain.DOSE, 24.0])
        found = np.array(self.runner.simulate(times=self.times, selections=self.columns))[1:, 1:]
        # at the time of a dose the program says what is there after it
        found[:, 0] -= np.where(found[:, 0] > 0.5 * plain.DOSE, plain.DOSE, 0.0)
        return found

    def _by_call(self) -> np.ndarray:
        model, found, wanted = self.runner.model, [], set(plain.OUTPUT_DAYS.tolist())
        for day in range(plain.DAYS):
            model.setGlobalParameterValues(
                self.states[:1], model.getGlobalParameterValues(self.states[:1]) + plain.DOSE
            )
            self.runner.simulate(24.0 * day, 24.0 * (day + 1), 2)
            if day + 1 in wanted:
                found.append(model.getGlobalParameterValues(self.states))
        return np.array(found)


_OWN: dict[tuple, Runner] = {}


def one(job) -> np.ndarray:
    """Solve one subject with this process's runner of those settings."""
    theta, settings = job
    key = tuple(settings.items())
    if key not in _OWN:
        _OWN[key] = Runner(**settings)
    return _OWN[key].solve(theta)
