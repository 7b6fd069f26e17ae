"""What is so of all jobs of a kind."""

from dataclasses import dataclass

from odoo.addons.event_sourcing.groups import USER


@dataclass(frozen=True)
class JobKind:
    """What is so of all jobs of a kind.

    :param tuple groups: who may run it: users of any of these groups
    :param bool private: its result belongs to whoever asked, and is forgotten soon
    :param bool owner_only: only its owner sees it, since its file holds what that user may read
    :param bool startable: whether ``event.job.start`` starts it
    :param bool folds: whether it folds the streams of its companies
    :param bool short: whether it may have its turn among short jobs
    """

    groups: tuple = (USER,)
    private: bool = False
    owner_only: bool = False
    startable: bool = False
    folds: bool = False
    short: bool = True
