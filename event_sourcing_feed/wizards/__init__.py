from . import event_reaction_skip
