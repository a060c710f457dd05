"""Facts of the purchase that never change once made, in the database itself."""

from django.db import migrations

from core.triggers import ProtectRows


class Migration(migrations.Migration):
    dependencies = [("markets", "0002_purchase_to_fees")]

    operations: list = []
