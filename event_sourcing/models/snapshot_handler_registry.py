import re

from odoo import _, api, models, tools
from odoo.exceptions import AccessError, UserError
from odoo.http import request

from odoo.addons.event_sourcing_base.arguments import shown, text
from odoo.addons.event_sourcing_base.compat import check_access, returns_model
from odoo.addons.event_sourcing_base.names import LISTS, is_name

from ..exceptions import HandlerConflict, HandlerOff

CONVENTIONS = (
    re.compile(r"^snapshot\.handler\.(?P<aggregate>.+)$"),  # snapshot.handler.rental
    re.compile(r"^(?P<aggregate>.+)\.snapshot\.handler$"),  # rental.snapshot.handler
    re.compile(r"^.+?\.snapshot\.(?P<aggregate>.+)$"),  # inventory.snapshot.rental
)
ENGINE_MODELS = {"snapshot.handler", "snapshot.handler.registry", "snapshot.mixin"}


class SnapshotHandlerRegistry(models.AbstractModel):
    """Which handler serves which aggregate type.

    Handlers are found by their names; what is kept are names, never recordsets or
    environments, and each database has its own. A handler may instead say which
    aggregate it serves with ``_aggregate_model``, or be registered explicitly.
    """

    _name = "snapshot.handler.registry"
    _description = "Registry of Snapshot Handlers"

    @api.model
    def register_handler(self, model_name, handler):
        """Let ``handler`` serve an aggregate type, before any that is found by name.

        Call it from ``_register_hook`` so that every process knows it.

        :param str model_name: the aggregate type
        :param handler: a handler model, or its name
        :raise UserError: when there is no such model, or it applies no events
        """
        _check_not_from_outside(self.env)
        model_name = text(self.env, "model_name", model_name)
        name = handler if isinstance(handler, str) else getattr(handler, "_name", None)
        model = self.env.registry.get(name) if name else None
        if model is None or not callable(getattr(model, "apply_event", None)):
            raise UserError(
                _(
                    "%(handler)s cannot serve %(aggregate)s: it is no model with a method"
                    " apply_event.",
                    handler=shown(name or handler),
                    aggregate=model_name,
                )
            )
        self._registered()[model_name] = name
        return True

    @api.model
    @returns_model
    def get_handler(self, model_name):
        """Return the handler of an aggregate type in this environment, or False.

        :raise HandlerConflict: when two handlers claim it
        :raise HandlerOff: when what is declared for it is wrong
        """
        check_access(self.env["event.store"], "read")
        handler = self._find(text(self.env, "model_name", model_name, default=""))
        return False if handler is None else handler

    @api.model
    def auto_register_handlers(self):
        """Look through all models again and return ``{aggregate type: handler name}``.

        There is no need to call it: handlers are found when they are first asked for.
        """
        _check_not_from_outside(self.env)
        self.env.registry.clear_cache()
        return self._handler_names()

    @api.model
    def _handler_names(self):
        """Return ``{aggregate type: handler name}`` of those that work.

        Without those claimed twice, and those that are declared wrongly.
        """
        off = self._off()
        return {model: name for model, name in self._serving().items() if model not in off}

    @api.model
    def _serving(self):
        """Return ``{aggregate type: handler name}``, also of those that are declared wrongly."""
        found = {model: names[0] for model, names in self._discover().items() if len(names) == 1}
        return {**found, **self._registered()}

    @api.model
    def _find(self, model_name):
        """Return the handler of an aggregate type, or None (a handler is never true)."""
        self._check_not_off(model_name)
        return self._claimed(model_name)

    @api.model
    def _switched_off(self, model_name):
        """Return why events of an aggregate type are refused, None where they are not."""
        off = self._off()
        name = off and off.get(self._canonical_name(model_name))
        if not name:
            return None
        return _(
            "Events of %(aggregate)s cannot be recorded, because %(handler)s is declared wrongly:"
            " %(problem)s",
            aggregate=model_name,
            handler=name,
            problem=self._why_off(name),
        )

    @api.model
    def _check_not_off(self, model_name):
        """Raise HandlerOff where events of an aggregate type are refused."""
        sentence = self._switched_off(model_name)
        if sentence:
            raise HandlerOff(sentence)

    @api.model
    def _off(self):
        """Return ``{aggregate type: the model that is declared wrongly}``."""
        return self._found_off(self._registered_names())

    @api.model
    def _found_off(self, registered):
        """Return :meth:`_off`, for what is registered explicitly; a hook, asked by each append."""
        return {}

    @api.model
    def _why_off(self, name):
        """Return what is declared wrongly in a model that is named there, a sentence; a hook."""
        return ""

    @api.model
    def _problems_of(self, name):
        """Return what is declared wrongly in a handler that serves an aggregate type; a hook."""
        return []

    @api.model
    def _lint_histories(self, model_name, histories):
        """Return what replay could not rely on, for ``testing.lint_handler``; a hook."""
        raise NotImplementedError("No addon is installed that checks handlers.")

    @api.model
    def _snapshots_of(self, model_name):
        """Return the model with the snapshots of an aggregate type, None where there is none.

        Also where the type is switched off: what is stored can still be read.
        """
        handler = self._claimed(model_name)
        name = getattr(handler, "_snapshot_model", None)
        model = self.env.registry.get(name) if is_name(name) else None
        if model is None or not issubclass(model, self.env.registry["snapshot.mixin"]):
            return None
        return None if model._abstract else self.env[name]

    @api.model
    def _claimed(self, model_name):
        """Return the handler of an aggregate type, also one that is declared wrongly."""
        name = self._claimed_name(self._registered_names(), model_name)
        return None if name is None or name not in self.env else self.env[name]

    @api.model
    @tools.ormcache("registered", "model_name")
    def _claimed_name(self, registered, model_name):
        """Return the name of the handler that is registered, else by the conventions, or None."""
        model_name = self._canonical_name(model_name)
        name = dict(registered).get(model_name)
        if name:
            return name
        names = self._discover().get(model_name, ())
        if len(names) > 1:
            raise HandlerConflict(self._conflict_sentence(model_name, ", ".join(names)))
        return names[0] if names else None

    @api.model
    def _conflict_sentence(self, model_name, names):
        return _(
            "Two handlers serve the aggregate %(aggregate)s: %(handlers)s."
            " Uninstall one, or register the one to use.",
            aggregate=model_name,
            handlers=names,
        )

    @api.model
    def _stream_names(self, model_name):
        """Return the names under which events of an aggregate type are stored, its own first."""
        model_name = self._canonical_name(model_name)
        return [model_name, *(old for old, new in self._aliases().items() if new == model_name)]

    @api.model
    def _canonical_name(self, model_name):
        """Return what an aggregate type is called today."""
        return self._aliases().get(model_name, model_name)

    @api.model
    def _aliases(self):
        """Return ``{former aggregate type: aggregate type}``, as the handlers declare it."""
        return self._declared_aliases(self._registered_names())

    @api.model
    def _former_event_types(self):
        """Return ``{(aggregate type, former event type): event type}`` of the handlers that work.

        All under today's names.
        """
        return {
            (model_name, former): today
            for model_name, handler in self._handler_names().items()
            for former, today in getattr(self.env[handler], "_event_aliases", {}).items()
        }

    @api.model
    def _registered_names(self):
        """Return the explicit registrations as a key of what is kept about them."""
        return tuple(sorted(self._registered().items()))

    @api.model
    @tools.ormcache("registered")
    def _declared_aliases(self, registered):
        """Return :meth:`_aliases`, for what is registered explicitly."""
        found = {}
        serving = {model: names[0] for model, names in self._discover().items()}
        serving.update(registered)
        for model_name, handler in serving.items():
            for old in self._former_names(handler):
                if old not in serving:  # the name of a living one stays its own
                    found.setdefault(old, model_name)
        return found

    @api.model
    def _former_names(self, handler):
        """Return the former aggregate types that a handler names itself.

        What it inherits from another one that serves is the other's.

        :param str handler: name of the model
        """
        model = self.env.registry.get(handler)
        former = getattr(model, "_aggregate_aliases", ())
        if not former or not isinstance(former, LISTS):
            return []
        others = {name for names in self._discover().values() for name in names}
        parents = [
            getattr(self.env.registry[name], "_aggregate_aliases", ())
            for name in others
            if name != handler and issubclass(model, self.env.registry[name])
        ]
        return [
            old
            for old in former
            if is_name(old)
            and not any(old in named for named in parents if isinstance(named, LISTS))
        ]

    @api.model
    @tools.ormcache()
    def _discover(self):
        """Return ``{aggregate type: tuple of handler names}`` by the naming conventions."""
        found = {}
        for name, model in sorted(self.env.registry.items()):
            if name in ENGINE_MODELS or not model._abstract:
                continue
            if not callable(getattr(model, "apply_event", None)):
                continue
            said = getattr(model, "_aggregate_model", None)
            aggregate = said if is_name(said) else self._named_aggregate(name)
            if aggregate:
                found[aggregate] = (*found.get(aggregate, ()), name)
        return found

    @api.model
    def _named_aggregate(self, name):
        for convention in CONVENTIONS:
            match = convention.match(name)
            if match:
                return match["aggregate"]
        return None

    @api.model
    def _registered(self):
        """The explicit registrations of this database, in this process."""
        return self.env.registry.__dict__.setdefault("_event_sourcing_handlers", {})


def _check_not_from_outside(env):
    """Refuse what only code may do, while the server loads or in a shell: never a request.

    :raise AccessError: for a call from outside, over RPC or from a browser
    """
    if env.registry.ready and (request or not env.su):
        raise AccessError(
            _(
                "Handlers are registered by addons while Odoo starts, from _register_hook;"
                " nobody can do it from outside."
            )
        )
