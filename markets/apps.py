from django.apps import AppConfig


class MarketsConfig(AppConfig):
    name = "markets"
    verbose_name = "Marchés"

    def ready(self) -> None:
        from core.registry import register_house
        from markets.models import House

        register_house(House.current)
