"""Pages of reporting: « Accueil », dashboards, bilans."""
