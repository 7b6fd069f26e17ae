"""The parts of an exported file are ``event.export.chunk``."""

FORMER, NEW = "event.export.piece", "event.export.chunk"


def migrate(cr, version):
    former, new = FORMER.replace(".", "_"), NEW.replace(".", "_")
    cr.execute(f"ALTER TABLE {former} RENAME TO {new}")
    cr.execute(f"ALTER SEQUENCE {former}_id_seq RENAME TO {new}_id_seq")
    for name in ("pkey", "job_id_fkey"):
        cr.execute(f"ALTER TABLE {new} RENAME CONSTRAINT {former}_{name} TO {new}_{name}")
    cr.execute(f"ALTER INDEX {former}_uniq RENAME TO {new}_uniq")
    cr.execute("UPDATE ir_model SET model = %s WHERE model = %s", [NEW, FORMER])
    cr.execute("UPDATE ir_model_fields SET model = %s WHERE model = %s", [NEW, FORMER])
    cr.execute(
        "UPDATE ir_model_data SET name = replace(name, %s, %s)"
        " WHERE module = 'event_sourcing_transfer' AND name LIKE %s",
        [former, new, f"%{former}%"],
    )
    cr.execute("UPDATE ir_model_constraint SET name = replace(name, %s, %s)", [former, new])
