"""The table of destinations is a part of what tells a database from another one."""


def migrate(cr, version):
    cr.execute(
        """
        UPDATE event_destination SET identity = concat_ws(
                   '/', head.value, 'event_destination'::regclass::oid, uuid.value)
          FROM (SELECT concat_ws('/', system_identifier,
                                 substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8),
                                 (SELECT oid FROM pg_database WHERE datname = current_database()))
                  FROM pg_control_system()) AS head (value),
               (SELECT value FROM ir_config_parameter WHERE key = 'database.uuid') AS uuid
         WHERE identity = concat_ws('/', head.value, uuid.value)
        """
    )
