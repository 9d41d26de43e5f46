"""The manifests, without a cluster: held strictly against Kubernetes' schemas, and the command of their containers
played for every index. Says nothing about scheduling.

SPLITBRAIN is the command, SEEDS those to play, DIGEST what has to come out.
"""

import os
import pathlib
import re
import subprocess
import tempfile

import kubernetes_validate
import yaml

HERE = pathlib.Path(__file__).parent
SWEEP = HERE.parent.parent / "scenarios/sweeps/stalls.toml"
KUBERNETES = "1.37"


def documents(text):
    return [document for document in yaml.safe_load_all(text) if document]


def validate(text):
    for document in documents(text):
        kubernetes_validate.validate(document, KUBERNETES, strict=True)


def refused(text):
    try:
        validate(text)
    except kubernetes_validate.ValidationError:
        return True
    return False


def container(text):
    (job,) = (document for document in documents(text) if document["kind"] == "Job")
    (it,) = job["spec"]["template"]["spec"]["containers"]
    return job["spec"], it, {one["name"]: one["value"] for one in it["env"]}


def play(it, environment, folder, **more):
    (folder / "bin").mkdir(exist_ok=True)
    binary = folder / "bin/splitbrain"
    if not binary.exists():
        binary.symlink_to(os.path.abspath(os.environ["SPLITBRAIN"]))
    environment = {**environment, "PATH": f"{binary.parent}:{os.environ['PATH']}", "ROWS": str(folder / "rows"), **more}
    return subprocess.run(it["command"], env=environment, capture_output=True, text=True)


def main():
    sweep, merge = (HERE / "sweep.yaml").read_text(), (HERE / "merge.yaml").read_text()
    validate(sweep)
    validate(merge)
    # A check that lets everything pass would let these pass.
    for right, wrong in [
        ("backoffLimitPerIndex", "backoffLimitPerIndices"),
        ("action: FailJob", "do: FailJob"),
        ("values: [2]", "values: [two]"),
    ]:
        assert right in sweep and refused(sweep.replace(right, wrong)), wrong

    spec, shard, environment = container(sweep)
    assert spec["completionMode"] == "Indexed" and str(spec["completions"]) == environment["SHARDS"], (
        "as many shards as indexes"
    )
    (final,) = (
        rule["onExitCodes"]["values"] for rule in spec["podFailurePolicy"]["rules"] if rule["action"] == "FailJob"
    )
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        wrong = play(shard, environment, folder, SWEEP="/nowhere.toml", JOB_COMPLETION_INDEX="0")
        assert wrong.returncode in final, f"{wrong.returncode} is tried again"
        for index in range(spec["completions"]):
            done = play(
                shard, environment, folder, SWEEP=str(SWEEP), SEEDS=os.environ["SEEDS"], JOB_COMPLETION_INDEX=str(index)
            )
            assert done.returncode == 0, done.stderr
        told = play(container(merge)[1], {}, folder)
        assert told.returncode in [0, 1], told.stderr
        digest = re.search(r"digest ([0-9a-f]{32})", told.stdout)[1]
    assert digest == os.environ["DIGEST"], digest
    count = spec["completions"]
    print(f"kubernetes: valid for {KUBERNETES}, three wrong ones are not, {count} indexes give {digest}")


if __name__ == "__main__":
    main()
