"""The lock: one file instead of a folder of files. What it builds is what the files build, wherever it lies."""

from harness.wait import until

from test_bad_input import refused


def run(demo, *arguments, environment=None):
    """`flusso run` with the deployment's names and nothing about where its configuration is."""
    return demo.command("run", "--slot", demo.slot, "--publication", demo.publication, "--workers", 2, *arguments,
                        environment=environment)


def test_a_lock_that_was_moved_runs_like_its_files(case):
    demo = case.demo(1)
    config = demo.write()
    build = demo.command("build", "--config", config, "-o", demo.folder / "shop.lock")
    assert build.wait(20) == 0, build.output()
    assert f"✓ compiled 3 index(es) → {demo.folder / 'shop.lock'}" in build.out()
    moved = case.folder / "elsewhere" / "shop.lock"
    moved.parent.mkdir()
    (demo.folder / "shop.lock").rename(moved)
    for path in demo.folder.glob("*.schema.yml"):
        path.unlink()
    config.unlink()
    flusso = run(demo, "--locked", "--lock", moved)
    demo.settle_and_compare(flusso)
    demo.database.sql("update users set full_name = 'Ada Lovelace' where id = 1")
    demo.settle_and_compare(flusso)
    flusso.stop()
    assert not (demo.folder / "flusso.lock").exists()
    assert "seeding begins" in flusso.log()
    again = demo.start()   # from the files, written anew: the same hashes, so nothing is seeded again
    demo.settle_and_compare(again)
    again.stop()
    assert "seeding begins" not in again.log(), again.log()


def test_run_renews_the_lock_beside_it_and_runs_it_when_the_files_are_gone(case):
    demo = case.demo(1)
    config = demo.write()
    lock = demo.folder / "flusso.lock"
    first = run(demo, "--backfill-only")
    assert first.wait(120) == 0, first.output()
    written = lock.read_bytes()
    assert written[1:19].endswith(b"flusso.lock"), written[:32]
    inode = lock.stat().st_ino
    second = run(demo, "--backfill-only")
    assert second.wait(60) == 0, second.output()
    assert lock.stat().st_ino == inode, "an unchanged lock was written again"
    config.rename(demo.folder / "away.toml")
    third = run(demo)
    demo.settle_and_compare(third)
    third.stop()
    assert lock.read_bytes() == written


def test_secrets_are_looked_up_where_the_lock_runs(case):
    demo = case.demo(1)
    url = demo.connection_url
    demo.connection_url = None
    config = demo.write()
    config.write_text(config.read_text().replace('type = "postgres"', 'type = "postgres"\nconnection_url = { env = "SHOP_DATABASE" }', 1))
    build = demo.command("build", "--config", config, environment={"SHOP_DATABASE": url})
    assert build.wait(20) == 0, build.output()
    lock = (demo.folder / "flusso.lock").read_bytes()
    assert url.encode() not in lock and b"SHOP_DATABASE" in lock
    refused(run(demo, "--locked"), "SHOP_DATABASE", "not set")
    flusso = run(demo, "--locked", environment={"SHOP_DATABASE": url, "FLUSSO_CONFIG": "/nowhere/flusso.toml"})
    demo.settle_and_compare(flusso)
    flusso.stop()


def test_what_is_wrong_about_a_lock_is_told_with_the_cure(case):
    demo = case.demo(0)
    config = demo.write()
    lock = demo.folder / "flusso.lock"
    config.rename(demo.folder / "away.toml")
    refused(run(demo), r"flusso\.toml", r"flusso\.lock", "--config")
    refused(run(demo, "--locked"), r"no lock flusso\.lock", "flusso build")
    refused(run(demo, "--config", "nowhere.toml"), r"nowhere\.toml", "not exist")
    assert demo.command("build", "--config", "away.toml").wait(20) == 0
    good = lock.read_bytes()
    for bytes_, mention in ((good[:100], "damaged"), (good + b"x", "damaged"), (b"[source]", "no flusso lock"),
                            (good.replace(b"format_version\x01", b"format_version\x02"), "newer flusso")):
        lock.write_bytes(bytes_)
        refused(run(demo, "--locked"), r"flusso\.lock", mention, "flusso build")
        refused(run(demo), r"flusso\.lock", mention, "flusso build")
    refused(demo.command("build", "--config", "away.toml", "--out", "away.toml"), r"away\.toml", "not overwritten")
    bad = demo.folder / "bad.toml"
    bad.write_text((demo.folder / "away.toml").read_text().replace("refresh_interval", "refresh_intervall"))
    lock.write_bytes(good)
    refused(demo.command("build", "--config", bad), r"bad\.toml:\d+:\d+", "refresh_interval")
    assert lock.read_bytes() == good


def test_a_lock_that_cannot_be_written_is_logged_unless_it_was_named(case):
    demo = case.demo(1)
    demo.write()
    (demo.folder / "flusso.lock").mkdir()   # nobody can replace a folder with a file, root included
    refused(run(demo, "--lock", "flusso.lock"), r"flusso\.lock", "cannot be written")
    flusso = run(demo)
    until(lambda: "the lock is not renewed" in flusso.log(), "the warning", 20)
    demo.settle_and_compare(flusso)
    flusso.stop()
