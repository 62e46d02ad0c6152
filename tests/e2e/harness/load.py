"""Writers that change the demo store at random through every relation, for tests that kill or starve flusso meanwhile.

Every action is one transaction: inserts, updates, deletes and moves of every table, soft deletes, archiving, key changes,
links, whole families at once, and some transactions that roll back. Seeded: a writer's choices follow from its number.
"""

import contextlib
import random
import threading
import time

import psycopg2

CONFLICTS = (psycopg2.errors.UniqueViolation, psycopg2.errors.ForeignKeyViolation, psycopg2.errors.DeadlockDetected,
             psycopg2.errors.SerializationFailure, psycopg2.errors.CheckViolation, psycopg2.errors.LockNotAvailable)

WORDS = ["ash", "birch", "cedar", "Dörr", "elm", "fir \"tall\"", "ginkgo\nbiloba", "hazel", "ίτιά", "oak\\y"]


class Writer:
    """One connection that changes the store. Thread: one."""

    def __init__(self, database, seed):
        self.database, self.random = database, random.Random(seed)
        self.connection = None
        self.done = 0
        actions = sorted((name, action) for name, action in vars(Writer).items() if name.startswith("act_"))
        self.actions = [action for _, action in actions]
        # Deletes of whole families are rarer than inserts, so that the store does not run empty.
        self.weights = [{"act_delete_user": 0.15, "act_delete_order": 0.3}.get(name, 1.0) for name, _ in actions]

    # choices

    def word(self):
        return self.random.choice(WORDS) + str(self.random.randrange(10_000))

    def money(self):
        return self.random.randrange(100, 100_000) / 100

    def some(self, cursor, table):
        """The id of a random row, None in an empty table."""
        cursor.execute(f"select max(id) from {table}")
        top = cursor.fetchone()[0]
        if top is None:
            return None
        cursor.execute(f"select id from {table} where id >= %s order by id limit 1", (self.random.randrange(top + 1),))
        return cursor.fetchone()[0]

    # one transaction

    def act(self):
        """Runs one random action; conflicts between writers roll it back and do not count."""
        if self.connection is None or self.connection.closed:
            self.connection = self.database.connect(options="-c lock_timeout=2s")
            self.connection.autocommit = False
        action = self.random.choices(self.actions, self.weights)[0]
        try:
            with self.connection.cursor() as cursor:
                for _ in range(self.random.choice([1, 1, 1, 1, 3])):
                    action(self, cursor)
            if self.random.random() < 0.03:
                self.connection.rollback()
            else:
                self.connection.commit()
                self.done += 1
        except CONFLICTS:
            self.connection.rollback()

    def act_new_user(self, cursor):
        cursor.execute("insert into users (email, full_name, phone, tier, country, newsletter) values (%s, %s, %s, 'pro', %s, %s)"
                       " returning id", (f" {self.word()}@Example.com ", self.word(), None, "DE", self.random.random() < 0.5))
        user = cursor.fetchone()[0]
        if self.random.random() < 0.7:
            cursor.execute("insert into profiles (user_id, bio, birth_year) values (%s, %s, 1990)", (user, self.word()))
        cursor.execute("insert into addresses (user_id, kind, street, city, country)"
                       " select %s, 'home', %s, 'Rome', 'IT' from generate_series(1, %s)",
                       (user, self.word(), self.random.randrange(3)))

    def act_change_user(self, cursor):
        cursor.execute("update users set full_name = %s, login_count = login_count + 1 where id = %s",
                       (self.word(), self.some(cursor, "users")))

    def act_soft_delete(self, cursor):
        cursor.execute("update users set deleted = not deleted where id = %s", (self.some(cursor, "users"),))

    def act_delete_user(self, cursor):
        cursor.execute("delete from users where id = %s", (self.some(cursor, "users"),))

    def act_rekey_user(self, cursor):
        cursor.execute("update users set id = (select max(id) + 1 + %s from users) where id = %s",
                       (self.random.randrange(3), self.some(cursor, "users")))

    def act_profile(self, cursor):
        profile = self.some(cursor, "profiles")
        what = self.random.randrange(3)
        if what == 0:
            cursor.execute("delete from profiles where id = %s", (profile,))
        elif what == 1:
            cursor.execute("update profiles set user_id = %s where id = %s", (self.some(cursor, "users"), profile))
        else:
            cursor.execute("update profiles set bio = %s, locale = null where id = %s", (self.word(), profile))

    def act_address(self, cursor):
        address = self.some(cursor, "addresses")
        what = self.random.randrange(3)
        if what == 0:
            cursor.execute("delete from addresses where id = %s", (address,))
        elif what == 1:
            cursor.execute("update addresses set user_id = %s where id = %s", (self.some(cursor, "users"), address))
        else:
            cursor.execute("update addresses set street = %s where id = %s", (self.word(), address))

    def act_new_order(self, cursor):
        user = self.some(cursor, "users")
        cursor.execute("insert into orders (user_id, status, total) values (%s, 'paid', %s) returning id", (user, self.money()))
        order = cursor.fetchone()[0]
        for _ in range(self.random.randrange(5)):
            cursor.execute("insert into order_items (order_id, product_id, quantity, unit_price) values (%s, %s, %s, %s)",
                           (order, self.some(cursor, "products"), self.random.randrange(1, 9), self.money()))

    def act_change_order(self, cursor):
        cursor.execute("update orders set status = %s, total = %s, shipped_at = clock_timestamp() where id = %s",
                       (self.random.choice(["pending", "shipped", "cancelled"]), self.money(), self.some(cursor, "orders")))

    def act_move_order(self, cursor):
        cursor.execute("update orders set user_id = %s where id = %s", (self.some(cursor, "users"), self.some(cursor, "orders")))

    def act_delete_order(self, cursor):
        cursor.execute("delete from orders where id = %s", (self.some(cursor, "orders"),))

    def act_item(self, cursor):
        item = self.some(cursor, "order_items")
        what = self.random.randrange(4)
        if what == 0:
            cursor.execute("delete from order_items where id = %s", (item,))
        elif what == 1:
            cursor.execute("update order_items set order_id = %s where id = %s", (self.some(cursor, "orders"), item))
        else:
            cursor.execute("update order_items set quantity = %s, unit_price = %s where id = %s",
                           (self.random.randrange(1, 9), self.money(), item))

    def act_new_product(self, cursor):
        cursor.execute("insert into products (sku, name, price, category_id, attributes) values (%s, %s, %s, %s, %s) returning id",
                       (self.word(), self.word(), self.money(), self.some(cursor, "categories"), '{"a": [1, 2], "b": null, "c": 2.50}'))
        product = cursor.fetchone()[0]
        for _ in range(self.random.randrange(3)):
            cursor.execute("insert into product_tags values (%s, %s) on conflict do nothing", (product, self.some(cursor, "tags")))

    def act_change_product(self, cursor):
        cursor.execute("update products set price = %s, category_id = %s where id = %s",
                       (self.money(), self.some(cursor, "categories"), self.some(cursor, "products")))

    def act_archive_product(self, cursor):
        cursor.execute("update products set archived_at = case when archived_at is null then now() end where id = %s",
                       (self.some(cursor, "products"),))

    def act_delete_product(self, cursor):
        cursor.execute("delete from products where id = (select max(p.id) from products p where not exists"
                       " (select from order_items i where i.product_id = p.id))")

    def act_rekey_product(self, cursor):
        cursor.execute("update products set id = (select max(id) + 1 + %s from products) where id = %s",
                       (self.random.randrange(3), self.some(cursor, "products")))

    def act_category(self, cursor):
        category = self.some(cursor, "categories")
        what = self.random.randrange(8)
        if what == 0:
            cursor.execute("delete from categories where id = %s", (category,))
        elif what < 3:
            cursor.execute("insert into categories (name, parent_id) values (%s, %s)", (self.word(), category))
        else:
            cursor.execute("update categories set name = %s where id = %s", (self.word(), category))

    def act_tag(self, cursor):
        tag = self.some(cursor, "tags")
        what = self.random.randrange(8)
        if what == 0:
            cursor.execute("delete from tags where id = %s", (tag,))
        elif what < 3:
            cursor.execute("insert into tags (name) values (%s)", (self.word(),))
        else:
            cursor.execute("update tags set name = %s where id = %s", (self.word(), tag))

    def act_link(self, cursor):
        cursor.execute("insert into product_tags values (%s, %s) on conflict do nothing",
                       (self.some(cursor, "products"), self.some(cursor, "tags")))

    def act_unlink(self, cursor):
        cursor.execute("delete from product_tags where (product_id, tag_id) in (select product_id, tag_id from product_tags"
                       " where product_id >= %s order by 1, 2 limit 1)", (self.some(cursor, "products"),))

    def act_relink(self, cursor):
        cursor.execute("update product_tags set product_id = %s where (product_id, tag_id) in (select product_id, tag_id"
                       " from product_tags where product_id >= %s order by 1, 2 limit 1)",
                       (self.some(cursor, "products"), self.some(cursor, "products")))

    def act_new_review(self, cursor):
        cursor.execute("insert into reviews (product_id, user_id, rating, body) values (%s, %s, %s, %s)",
                       (self.some(cursor, "products"), self.some(cursor, "users"), self.random.randrange(1, 6), self.word()))

    def act_review(self, cursor):
        review = self.some(cursor, "reviews")
        what = self.random.randrange(3)
        if what == 0:
            cursor.execute("delete from reviews where id = %s", (review,))
        elif what == 1:
            cursor.execute("update reviews set product_id = %s where id = %s", (self.some(cursor, "products"), review))
        else:
            cursor.execute("update reviews set rating = 6 - rating where id = %s", (review,))

    def act_wide(self, cursor):
        low = self.some(cursor, "orders") or 0
        cursor.execute("update orders set total = total + 1 where id between %s and %s", (low, low + self.random.randrange(300)))


def write(stop, writer, rate, gate):
    """Body of a writer thread: `rate` transactions a second until stopped, each while it holds the gate. A lost server is
    tried again."""
    due = time.monotonic()
    while not stop.is_set():
        try:
            with gate:
                writer.act()
        except (psycopg2.OperationalError, psycopg2.InterfaceError):
            writer.connection = None
            stop.wait(0.2)
        due = max(due + 1 / rate, time.monotonic() - 1)
        stop.wait(max(0, due - time.monotonic()))
    if writer.connection:
        writer.connection.close()


class Load:
    """Several writers at once, as part of a test."""

    def __init__(self, case, database, rate=200, writers=2):
        self.writers = [Writer(database, f"{case.seed}/{case.name}/{number}") for number in range(writers)]
        self.gates = [threading.Lock() for _ in self.writers]
        self.workers = [case.background(write, writer, rate / writers, gate)
                        for writer, gate in zip(self.writers, self.gates)]

    @contextlib.contextmanager
    def paused(self):
        """No transaction begins or is open inside the block."""
        with contextlib.ExitStack() as stack:
            for gate in self.gates:
                stack.enter_context(gate)
            yield

    def stop(self):
        for worker in self.workers:
            worker.event.set()
        for worker in self.workers:
            worker.stop()
