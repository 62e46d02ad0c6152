"""Which tests show that a fault of the source is survived. `run.py F28` runs those of one; test_harness.py fails when a fault has no
test, or a test named here does not exist.

"Survived" means in every case: at the end each document equals the source (0 missing, 0 stale), or flusso has said in one
sentence why it will not go on, has confirmed nothing, and equals the source after the cure that the sentence names.
"""

from typing import NamedTuple


class Fault(NamedTuple):
    what: str
    tests: list  # module.test


FAULTS = {
    "F12": Fault("Postgres restarts", ["test_faults.test_flusso_survives_a_restart_and_a_crash_of_postgres"]),
    "F13": Fault("Postgres crashes and recovers", ["test_faults.test_flusso_survives_a_restart_and_a_crash_of_postgres"]),
    "F14": Fault("the walsender is terminated", ["test_faults.test_flusso_survives_the_end_of_its_walsender_and_of_all_its_connections"]),
    "F15": Fault("the sessions that read are terminated in the middle of a batch", [
        "test_faults.test_flusso_survives_the_end_of_its_walsender_and_of_all_its_connections"]),
    "F16": Fault("a statement that builds documents runs into its time limit, or into one for locks", [
        "test_slow_reads.test_a_batch_that_takes_too_long_is_halved_and_a_document_that_takes_too_long_is_left_out",
        "test_slot.test_a_locked_table_holds_up_only_its_own_index"]),
    "F17": Fault("a joined table is locked exclusively for long", [
        "test_slot.test_a_locked_table_holds_up_only_its_own_index",
        "test_faults.test_a_long_lock_on_a_child_table_delays_but_loses_nothing"]),
    "F18": Fault("the slot is dropped while flusso runs", [
        "test_slot.test_a_slot_lost_while_running_ends_the_run_with_exit_code_1",
        "test_slot.test_a_slot_lost_while_running_is_cured_at_once_where_that_is_wanted"]),
    "F19": Fault("the slot is made anew under the same name", [
        "test_slot.test_a_slot_that_was_dropped_made_anew_or_moved_is_refused_with_the_cure_and_cured"]),
    "F20": Fault("somebody else advances the slot", [
        "test_slot.test_a_slot_that_was_dropped_made_anew_or_moved_is_refused_with_the_cure_and_cured"]),
    "F21": Fault("the slot loses its WAL to max_slot_wal_keep_size", [
        "test_server_limits.test_a_slot_whose_wal_was_given_up_is_refused_with_the_setting_and_cured",
        "test_server_limits.test_wal_that_is_kept_for_the_slot_is_warned_of_and_the_position_moves_on_when_it_can"]),
    "F22": Fault("the slot rests longer than idle_replication_slot_timeout (Postgres 18)", [
        "test_server_limits.test_a_slot_that_rested_for_too_long_is_refused_with_the_setting_and_cured"]),
    "F23": Fault("no replication slot or no walsender is free", [
        "test_server_limits.test_a_server_without_a_free_slot_or_walsender_is_waited_for_and_the_holders_are_named"]),
    "F24": Fault("a table leaves the publication and comes back", [
        "test_ddl.test_a_table_that_leaves_the_publication_and_comes_back_is_noticed", "test_ddl.test_the_same_while_stopped"]),
    "F25": Fault("the publication is dropped", [
        "test_publications.test_a_publication_that_is_dropped_ends_the_run_with_the_cure_unless_reseeding_is_wanted",
        "test_ddl.test_a_publication_that_is_dropped_is_made_again_and_every_index_built_anew"]),
    "F26": Fault("a replica identity changes to NOTHING, FULL or an index while flusso runs", [
        "test_publications.test_a_replica_identity_that_changes_while_running_is_followed",
        "test_ddl.test_an_identity_that_vanishes_is_an_alarm_and_pauses_the_index",
        "test_ddl.test_an_identity_that_gets_narrower_builds_the_index_anew"]),
    "F27": Fault("failover to a standby that has the slot: synchronized (Postgres 17), or copied by a tool", [
        "test_failover.test_a_failover_to_a_standby_that_synchronizes_slots_is_followed_without_a_rebuild",
        "test_failover.test_a_promoted_standby_that_has_a_copy_of_the_slot_is_followed_without_a_rebuild"]),
    "F28": Fault("failover to a standby without the slot", [
        "test_failover.test_a_promoted_standby_without_the_slot_is_refused_with_the_cure_and_cured",
        "test_failover.test_a_promoted_standby_without_the_slot_is_cured_at_once_where_that_is_wanted"]),
    "F29": Fault("the promoted standby lacks transactions that were confirmed", [
        "test_failover.test_a_promoted_standby_that_lagged_behind_is_refused_and_its_lost_transactions_leave_the_indexes"]),
    "F30": Fault("flusso is led to a standby", [
        "test_failover.test_a_standby_is_refused_at_a_first_start_and_waited_for_by_a_process_that_has_worked",
        "test_failover.test_with_target_session_attrs_the_standby_among_several_servers_is_passed_over_until_it_is_promoted"]),
    "F31": Fault("one transaction changes very many rows (ten million: run.py --large)", [
        "test_size.test_one_transaction_of_a_million_rows_is_exact_and_takes_bounded_memory"]),
    "F32": Fault("a large transaction is rolled back; savepoints of a committed one are", [
        "test_transactions.test_what_a_streamed_transaction_rolls_back_in_part_or_whole_never_shows",
        "test_live.test_a_transaction_counts_as_a_whole_or_not_at_all"]),
    "F33": Fault("ten thousand transactions are open at once and end in any order", [
        "test_transactions.test_ten_thousand_interleaved_transactions_are_exact"]),
    "F34": Fault("prepared transactions are committed or rolled back late", [
        "test_transactions.test_a_prepared_transaction_counts_when_it_is_committed_however_late_and_not_at_all_when_it_is_rolled_back"]),
    "F35": Fault("DDL: columns added, dropped, renamed, of another type; tables dropped, renamed", [
        "test_ddl.test_harmless_ddl_changes_nothing", "test_ddl.test_values_that_are_rewritten_without_row_events_are_noticed",
        "test_ddl.test_the_same_while_stopped", "test_ddl.test_an_index_whose_column_is_gone_pauses_alone_and_resumes_by_itself",
        "test_ddl.test_an_index_whose_table_is_gone_pauses_and_stays_paused_over_a_restart"]),
    "F36": Fault("TRUNCATE of a root, of a child, CASCADE, of a partition, in one transaction with inserts", [
        "test_ddl.test_a_truncate_builds_the_indexes_of_its_table_anew_and_no_other",
        "test_partitions.test_a_truncated_partition_builds_the_index_anew"]),
    "F37": Fault("a key changes; two rows swap theirs; a row dies and comes again under the same key", [
        "test_live.test_two_rows_swap_their_keys_behind_a_deferred_constraint",
        "test_live.test_a_root_row_whose_key_changes_moves_its_document",
        "test_matrix.test_every_relation_and_operation_when_old_rows_carry_only_their_key",
        "test_root_keys.test_every_operation_on_roots_whose_key_is_a_boolean_or_two_columns"]),
    "F38": Fault("a child moves to another parent or to none; its parent is deleted, CASCADE or SET NULL", [
        "test_live.test_a_child_that_moves_leaves_its_old_parent_and_joins_the_new_one",
        "test_live.test_deleting_a_parent_cascades_through_all_documents",
        "test_matrix.test_every_relation_and_operation_when_old_rows_carry_only_their_key",
        "test_matrix.test_every_relation_and_operation_when_old_rows_carry_everything",
        "test_matrix.test_every_relation_and_operation_when_another_unique_index_is_the_identity"]),
    "F39": Fault("a row moves to another partition; partitions are attached, detached, dropped", [
        "test_partitions.test_rows_of_every_partition_reach_their_documents",
        "test_partitions.test_partitions_with_rows_that_come_and_go_are_noticed",
        "test_partitions.test_what_happens_to_partitions_while_stopped_is_noticed_at_start"]),
}
