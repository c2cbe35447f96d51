module catalog.example.com

go 1.26.0
