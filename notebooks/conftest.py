"""How nbval runs the lessons: pytest --nbval-lax notebooks (with GANLIB_SMOKE=1 for the quick run)."""

import os

# In the kernel's environment, because TensorFlow reads it before the first cell could set it.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

# Solutions repeat their lessons. The build has seen them pass for real; the quick run repeats them too.
collect_ignore = [] if os.environ.get("GANLIB_SMOKE") == "1" else ["solutions"]


def pytest_configure(config):
    if not (config.getoption("nbval", False) or config.getoption("nbval_lax", False)):
        return
    # The interpreter that runs pytest, not whatever kernel the user has installed as "python3".
    config.option.nbval_current_env = not config.option.nbval_kernel_name
    from nbval.kernel import RunningKernel

    RunningKernel.execute_cell_input = _execute_cell_input


def _execute_cell_input(self, cell_input, allow_stdin=None):
    # nbval runs cells with store_history=False, where IPython does not see the ";" that hides a cell's value.
    return self.kc.execute(cell_input, allow_stdin=allow_stdin, stop_on_error=False)
