"""The interface of programs: one document, one way in, a router for each room."""

from ninja import NinjaAPI

from beneficiaries.api import PROBLEMS, router
from core.problems import open_to_programs, register_problems
from markets.api_auth import KeyAuth
from reporting.api import router as buyers_router

# Swagger's page is loaded from elsewhere: ours is « Interface des logiciels », made from docs/api.md.
api = NinjaAPI(
    title="Maillon",
    version="1",
    description="Les heures des salarié·e·s en insertion, déclarées par le logiciel de paie de leur employeur ; les "
    "bilans et les chiffres d’un donneur d’ordre, lus par le sien. " + PROBLEMS,
    docs_url=None,
    openapi_url="/openapi.json",
    urls_namespace="api",
    auth=KeyAuth(),
)
register_problems(api)
api.add_router("", router, tags=["Employeurs"])
api.add_router("", buyers_router, tags=["Donneurs d’ordre"])
urls = api.urls
open_to_programs(urls[0])
