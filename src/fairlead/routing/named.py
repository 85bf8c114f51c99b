"""What a call says by the model, role, task, provider and intent that it names: for whoever reads such names too."""

from fairlead.routing.by_role import compile_role
from fairlead.routing.by_task import compile_task
from fairlead.routing.policy import Policy
from fairlead.routing.read import read
from fairlead.routing.target import Plan, Wanted


def named(wanted: Wanted, policy: Policy) -> Plan:
    """Every candidate for what the call names. Raises `UnknownModel`, `CannotServe`."""
    return compile_role(wanted, policy) or compile_task(wanted, policy) or read(wanted, policy)
