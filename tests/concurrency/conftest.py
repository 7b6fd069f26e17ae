"""What the tests share that really commit."""

import uuid

import pytest
from support.commits import database, env_of
from support.feed import add, let_consumers_begin
from support.forked import Forked
from support.partitioned import APART, SIZE, PartitionedStore
from support.rabbit_server import Exchange, RabbitServer
from support.seals import append, seal

from odoo.modules.registry import Registry


@pytest.fixture
def cursor():
    """Give cursors on the test database, and close those that are left open."""
    opened = []

    def new():
        cr = Registry(database()).cursor()
        opened.append(cr)
        return cr

    yield new
    for cr in opened:
        if not cr.closed:
            cr.rollback()
            cr.close()


@pytest.fixture
def env(cursor):
    """Give an environment in a transaction of its own, for each time it is called."""
    return lambda: env_of(cursor())


@pytest.fixture
def key():
    """An aggregate that nobody else writes to."""
    return f"real-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def sealed(env, key):
    """Ids of three events that are sealed."""
    ids = [append(env, key, amount) for amount in (1, 2, 3)]
    seal(env)
    return ids


@pytest.fixture
def prefix():
    """Let the toy consumers begin now; give what the aggregates of this test begin with."""
    # The very first event of a recorder waits for others of theirs.
    add(f"K{uuid.uuid4().hex[:8]}")
    let_consumers_begin()
    return f"L{uuid.uuid4().hex[:8]}-"


@pytest.fixture
def started():
    """Give a function that forks off processes, all of which end with the test."""
    processes = []

    def start(function, *values):
        processes.append(Forked(function, *values))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()


@pytest.fixture(scope="session")
def apart():
    """A database with few events, for tests that look at all of them again and again."""
    store = PartitionedStore(APART)
    try:
        yield store.create()
    finally:
        store.drop()


@pytest.fixture
def apart_env(apart):
    """Give an environment in a transaction of its own there, for each time it is called."""
    yield apart.env
    apart.close()


@pytest.fixture(scope="module")
def partitioned(request):
    """A database of the module's own whose event store is partitioned."""
    store = PartitionedStore(request.module.__name__.rpartition(".")[2].removeprefix("test_"))
    store.create()
    try:
        store.partitions.convert(SIZE)
        yield store
    finally:
        store.drop()


@pytest.fixture
def store(partitioned):
    """That one, with what a test left open rolled back after it."""
    yield partitioned
    partitioned.close()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate of ``localhost`` that nobody trusts, with its key."""
    from odoo.addons.event_sourcing_delivery_webhook.tests.test_sender import make_certificate

    return make_certificate(tmp_path_factory.mktemp("certificate"), "localhost")


@pytest.fixture(scope="session")
def rabbit(certificate):
    """One server of RabbitMQ for all tests: it takes seconds to start."""
    server = RabbitServer(certificate)
    yield server
    server.remove()


@pytest.fixture
def missing(rabbit, prefix):
    """An exchange of this test that is not there."""
    return Exchange(rabbit, prefix)


@pytest.fixture
def exchange(missing):
    """An exchange of this test with a queue that takes everything."""
    return missing.make().make_queue()
