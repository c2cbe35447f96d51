owner = "finance-systems"
