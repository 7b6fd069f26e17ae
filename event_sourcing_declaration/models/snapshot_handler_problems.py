import logging

from odoo import _, api, models, tools

from odoo.addons.event_sourcing.models.event_store import FAILURE_TYPES
from odoo.addons.event_sourcing_base.names import is_name

from ..declared import METHODS, OF_ONE_TYPE, SHAPES, guess, misshapen, takes
from ..lint import lint_histories
from ..source import changing_calls, compared_types, own_methods
from .snapshot_handler_declaration import shown_error

_logger = logging.getLogger(__name__)
# What the engine and the addons beside it declare; none of these is a domain.
ENGINE = "odoo.addons.event_sourcing"


class SnapshotHandlerProblems(models.AbstractModel):
    """Which aggregate types are switched off, because what is declared for them is wrong.

    Their events are refused with the sentence that says what to write; their history can be
    read, and all other types work. What is found is kept until the registry is made anew.
    """

    _inherit = "snapshot.handler.registry"

    def _register_hook(self):
        super()._register_hook()
        if self._disarm():
            self.env.registry.clear_cache()
        self._log_problems()
        # Later hooks may still register one of two handlers.
        self.env.cr.postcommit.add(self._log_conflicts)

    @api.model
    def register_handler(self, model_name, handler):
        registered = super().register_handler(model_name, handler)
        self._log_problems({handler if isinstance(handler, str) else handler._name})
        return registered

    @api.model
    @tools.ormcache()
    def _discover(self):
        self._disarm()
        return super()._discover()

    @api.model
    def _lint_histories(self, model_name, histories):
        return lint_histories(self.env, model_name, histories)

    @api.model
    def _log_problems(self, names=None):
        """Write a line to the log for each declaration that is wrong.

        :param names: of handlers; all by default
        """
        spoken = self.with_context(lang="en_US")
        for name, sentences in spoken._problems().items():
            if names is None or name in names:
                for sentence in sentences:
                    _logger.error("%s: %s", name, sentence)

    @api.model
    def _log_conflicts(self):
        """Write a line to the log for each aggregate type that two handlers serve."""
        spoken = self.with_context(lang="en_US")
        for model_name, names in self._discover().items():
            if len(names) > 1 and model_name not in self._registered():
                _logger.error(spoken._conflict_sentence(model_name, ", ".join(names)))

    @api.model
    @tools.ormcache("registered")
    def _found_off(self, registered):
        problems = self._found_problems(registered, "en_US")
        serving = self._serving()
        off = {model: name for model, name in serving.items() if name in problems}
        for name in problems:
            for model_name in self._meant_types(name):
                if model_name not in serving and model_name not in self._discover():
                    off.setdefault(model_name, name)
        return off

    @api.model
    def _meant_types(self, name):
        """Return the aggregate types that a model is about which serves none."""
        armed = {f"{kind.__module__}.{kind.__qualname__}": kind for kind in self._armed()}
        model = armed.get(name) or self.env.registry.get(name)
        meant = [getattr(model, "_aggregate_model", None)]
        if name not in armed:
            meant.append(self._named_aggregate(name))
        source = getattr(model, "_source_model", None)
        source = self.env.registry.get(source) if is_name(source) else None
        meant.append(getattr(source, "_aggregate_model", None))
        return [model_name for model_name in meant if is_name(model_name)]

    @api.model
    def _why_off(self, name):
        return self._problems()[name][0]

    @api.model
    def _problems(self):
        """Return ``{model: [sentence]}`` of what is declared wrongly, in the user's language."""
        return self._found_problems(self._registered_names(), self.env.lang)

    @api.model
    @tools.ormcache("registered", "lang")
    def _found_problems(self, registered, lang):
        self = self.with_context(lang=lang)
        found = {name: [sentence] for name, sentence in self._unrecoverable()}
        for name in sorted({*self._serving().values()}):
            if name in self.env:
                found[name] = self._problems_of(name)
        for name, sentence in self._lonely_sources():
            found.setdefault(name, []).append(sentence)
        return {name: sentences for name, sentences in found.items() if sentences}

    @api.model
    def _problems_of(self, name):
        """Return what is declared wrongly in a handler that serves an aggregate type."""
        handler = self.env[name].sudo()
        try:
            if isinstance(handler, self.env.registry["snapshot.handler"]):
                return self._declaration_problems(handler)
            names = ("_aggregate_model", "_invalid_policy", "_error_policy")
            return list(self._misshapen(handler, names))
        except Exception as error:
            _logger.warning("%s could not be checked.", name, exc_info=True)
            return [
                _(
                    "Its declarations cannot be read (%(error)s); compare them with"
                    " docs/handlers.md.",
                    error=shown_error(error),
                )
            ]

    @api.model
    def _further_problems(self, handler):
        """Return what else cannot be worked with, as sentences; for addons that look closer.

        :param handler: one whose declarations have the right form
        """
        return []

    @api.model
    def _lint(self, handler):
        """Return what its author should hear about a handler; addons add hints.

        :return: list of ``(code, sentence)``, empty when all is well
        """
        return [
            *self._wrong_versions(handler),
            *self._lint_states(handler),
            *self._lint_source(handler),
        ]

    @api.model
    def _lint_source(self, handler):
        """Yield ``(code, sentence)`` of what the source of a handler seems to do, and should not.

        Folding twice shows no clock that moves once a day.
        """
        kinds = own_classes(type(handler))
        methods = own_methods(kind for kind in kinds if not kind.__module__.startswith(ENGINE))
        steps = [name for chain in handler._upcasters.values() for name in chain.values()]
        begin = ("_evolve", "_initial_state", *steps)
        for method, name in sorted(changing_calls(methods, begin).items()):
            yield (
                "changing_call",
                _(
                    "%(method)s calls %(name)s(), which gives something else another day; take"
                    " event.timestamp or event.business_date, or put the value into the payload.",
                    method=method,
                    name=name,
                ),
            )
        known = handler._transitions
        for event_type in sorted(compared_types(methods)) if known else ():
            if event_type not in known and event_type not in FAILURE_TYPES:
                yield (
                    "compared_type",
                    _(
                        "The code compares event_type with %(type)s, which _transitions does not"
                        " know%(guess)s.",
                        type=event_type,
                        guess=guess(event_type, known),
                    ),
                )

    @api.model
    def _misshapen(self, handler, names=tuple(SHAPES)):
        """Yield what is not written as the engine reads it.

        :param names: of attributes
        """
        for name in names:
            wrong = misshapen(name, getattr(handler, name, None))
            if wrong:
                yield _(
                    "%(place)s is %(value)s; write it like %(attribute)s = %(example)s.",
                    place=wrong[0],
                    value=repr(wrong[1])[:80],
                    attribute=name,
                    example=SHAPES[name][1],
                )

    @api.model
    def _wrong_methods(self, model, methods):
        """Yield what cannot be called as the engine calls it.

        :param dict methods: ``{name: how many values it is given}``
        """
        for name, count in methods.items():
            if not takes(getattr(model, name, None), count):
                yield _(
                    "%(name)s must be a method that takes %(count)s values beside self.",
                    name=name,
                    count=count,
                )

    # ------------------------------------------------------------------
    # Handlers that serve nothing, and records that nothing serves
    # ------------------------------------------------------------------

    @api.model
    def _unrecoverable(self):
        """Yield ``(model, sentence)`` of what was meant as a handler and is none."""
        for kind in self._armed():
            yield (
                f"{kind.__module__}.{kind.__qualname__}",
                _(
                    "The class has no _name, so that it would change all handlers; write"
                    ' _name = "loan.snapshot.handler", for example. Until then what it'
                    " declares is left out."
                ),
            )
        serving = {name for names in self._discover().values() for name in names}
        serving |= {"snapshot.handler", self._name, *self._registered().values()}
        for name, model in sorted(self.env.registry.items()):
            sentence = None if name in serving else self._why_none(name, model)
            if sentence:
                yield name, sentence

    @api.model
    def _why_none(self, name, model):
        """Return why a model serves no aggregate type, None where it was not meant to."""
        named = self._named_aggregate(name)
        if issubclass(model, self.env.registry["snapshot.handler"]):
            if not model._abstract:
                return _("A handler has no table; make it a models.AbstractModel.")
            # One that others inherit needs no name, nor one that may register itself.
            lonely = named is None and self._declares(model) and not model._inherit_children
            if lonely and not self._declares(model, {"_register_hook"}):
                return _(
                    "Its name does not say which aggregate type it serves; call it"
                    ' <aggregate type>.snapshot.handler, or write _aggregate_model = "…".'
                )
        elif model._abstract:
            # What subscribes to events folds many streams, and is no handler of one type.
            if callable(getattr(model, "_evolve", None)) and not hasattr(model, "_subscribes"):
                return _('It does not inherit the engine; write _inherit = "snapshot.handler".')
            if named and (
                name.endswith(".snapshot.handler") or name.startswith("snapshot.handler.")
            ):
                return _(
                    'It is named like a handler, but is none; write _inherit = "snapshot'
                    '.handler", or give it a method apply_event.'
                )
        return None

    @api.model
    def _declares(self, model, names=frozenset({"_evolve", *OF_ONE_TYPE})):
        """Whether a model says one of these by itself, not as the engine does for all."""
        of_all = own_classes(self.env.registry["snapshot.handler"])
        return any(names & vars(kind).keys() for kind in own_classes(model) if kind not in of_all)

    @api.model
    def _lonely_sources(self):
        """Yield ``(model, sentence)`` of business models whose aggregate type nothing serves."""
        mixin = self.env.registry["event.source.mixin"]
        known = {*self._serving(), *self._discover()}
        for name, model in sorted(self.env.registry.items()):
            if model._abstract or not issubclass(model, mixin):
                continue
            meant = model._aggregate_model
            if not is_name(meant):
                sentence = _(
                    "_aggregate_model is %(value)s; write the aggregate type of its records,"
                    ' such as _aggregate_model = "loan".',
                    value=repr(meant)[:80],
                )
                yield name, sentence
            elif self._canonical_name(meant) not in known:
                sentence = _(
                    "_aggregate_model is '%(meant)s'%(guess)s, which no handler serves; write"
                    " the aggregate type of its handler, or name the handler"
                    " %(meant)s.snapshot.handler.",
                    meant=meant,
                    guess=guess(meant, known),
                )
                yield name, sentence

    # ------------------------------------------------------------------
    # A class that would change all handlers
    # ------------------------------------------------------------------

    @api.model
    def _armed(self):
        """Return the classes that declare for all handlers what only one can mean."""
        return [
            kind
            for kind in own_classes(self.env.registry["snapshot.handler"])
            if not kind.__module__.startswith(ENGINE) and OF_ONE_TYPE & vars(kind).keys()
        ]

    @api.model
    def _disarm(self):
        """Let such a class have no effect on what the engine declares; return whether it had."""
        base = self.env.registry["snapshot.handler"]
        engine = [kind for kind in own_classes(base) if kind.__module__.startswith(ENGINE)]
        changed = False
        for kind in self._armed():
            for name in vars(kind).keys() & {*OF_ONE_TYPE, *METHODS}:
                own = next((vars(one)[name] for one in engine if name in vars(one)), kind)
                if own is not kind and vars(base).get(name, kind) is not own:
                    setattr(base, name, own)
                    changed = True
        return changed


def own_classes(model):
    """Return the classes of addons that make up a model, not those that Odoo makes of them.

    :param model: a class of the registry
    """
    return [
        kind
        for kind in model.__mro__
        if kind.__module__.startswith("odoo.addons.")
        and not kind.__module__.startswith("odoo.addons.base.")
        and vars(kind).get("pool") is None
    ]
