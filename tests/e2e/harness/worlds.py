"""Little worlds of tables, each with an index over them, that go through the same operations side by side."""


def walk(case, database, worlds, operations):
    """Seeds an index per world, does each operation (name, SQL) in all of them, and compares all documents after each.

    A world has `name`, `schema()`, `oracle()`, and `sql(operation)`, which writes an operation out for it: None when it cannot be done
    there. Returns nothing; a difference is an AssertionError that names the operation.
    """
    deployment = case.deployment(database, indexes={world.name: world.schema() for world in worlds},
                                 queries={world.name: world.oracle() for world in worlds})
    flusso = deployment.start()
    deployment.settle_and_compare(flusso)
    compared = 0
    for name, operation in operations:
        for world in worlds:
            if statements := world.sql(operation):
                database.sql("begin;" + statements + ";commit")
        deployment.wait_confirmed(flusso)
        wrong = deployment.differences()
        assert not wrong, f"after: {name}\n" + "\n".join(wrong)
        compared += deployment.compared
    flusso.stop()
    case.note(f"{len(worlds)} worlds, {len(operations)} operations, {compared} comparisons of documents")
