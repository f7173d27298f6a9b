"""Flows of Prefect, and a journal in SQLite: `flows.py VERB` says what it measured as one line of JSON."""

import asyncio
import json
import sqlite3
import subprocess
import sys
import time
from uuid import UUID

from prefect import flow, get_client, task


@flow
def empty():
    pass


@flow
async def empty_async():
    pass


@task
def nothing():
    pass


@task
def true():
    subprocess.run(["true"], check=True)


@task
def hangs():
    say(hangs=True)
    time.sleep(3600)


@flow
def of_nothing(steps):
    return ms(lambda: [nothing() for _ in range(steps)]) / steps


@flow
def of_true(steps):
    return ms(lambda: [true() for _ in range(steps)]) / steps


@flow
def side_by_side(steps):
    return ms(lambda: [begun.result() for begun in [true.submit() for _ in range(steps)]])


@flow
def hanging():
    from prefect.runtime import flow_run

    say(run=flow_run.id)
    hangs()


@flow
async def waiting(begun):
    begun.release()
    await asyncio.sleep(3600)


def ms(do):
    began = time.perf_counter()
    do()
    return (time.perf_counter() - began) * 1e3


def say(**what):
    print(json.dumps(what), flush=True)


def measure(rounds, steps, side):
    """How long flows and tasks take, in milliseconds, after each was done once; the first starts Prefect's own server."""
    empty()
    of_nothing(1)
    of_true(1)
    side_by_side(1)

    async def rounds_of_async():
        await empty_async()
        took = []
        for _ in range(rounds):
            began = time.perf_counter()
            await empty_async()
            took.append((time.perf_counter() - began) * 1e3)
        return took

    say(
        empty=[ms(empty) for _ in range(rounds)],
        empty_async=asyncio.run(rounds_of_async()),
        step=[of_nothing(steps) for _ in range(3)],
        true=[of_true(steps) for _ in range(3)],
        spawn=ms(lambda: [subprocess.run(["true"], check=True) for _ in range(steps)]) / steps,
        side=side_by_side(side),
    )


def journal(file, steps):
    """How long it takes to commit one row, in milliseconds."""
    rows = sqlite3.connect(file, isolation_level=None)
    rows.execute("PRAGMA journal_mode = WAL")
    rows.execute("PRAGMA synchronous = NORMAL")
    rows.execute("CREATE TABLE step (run INTEGER, place INTEGER, state TEXT, PRIMARY KEY (run, place))")

    def write(run):
        for place in range(steps):
            rows.execute("INSERT INTO step VALUES (?, ?, 'succeeded')", (run, place))

    say(step=[ms(lambda run=run: write(run)) / steps for run in range(3)])


def wait(runs, pipe):
    """Has so many runs wait at once, once something was written to `pipe`."""

    async def all_of_them():
        await empty_async()
        say(ready=True)
        await asyncio.to_thread(lambda: open(pipe).read())
        begun = asyncio.Semaphore(0)
        under_way = [asyncio.create_task(waiting(begun)) for _ in range(runs)]
        for _ in under_way:
            await begun.acquire()
        say(waiting=runs)
        await asyncio.gather(*under_way)

    asyncio.run(all_of_them())


def watch(run, seconds):
    """How a run is said to stand, and after how many seconds it is no longer said to run."""
    with get_client(sync_client=True) as client:
        until = time.monotonic() + seconds
        state = client.read_flow_run(UUID(run)).state
        while state.is_running() and time.monotonic() < until:
            time.sleep(0.2)
            state = client.read_flow_run(UUID(run)).state
        say(state=state.name, running=state.is_running())


if __name__ == "__main__":
    verb, *words = sys.argv[1:]
    if verb == "measure":
        measure(*map(int, words))
    elif verb == "journal":
        journal(words[0], int(words[1]))
    elif verb == "hang":
        hanging()
    elif verb == "wait":
        wait(int(words[0]), words[1])
    elif verb == "watch":
        watch(words[0], float(words[1]))
