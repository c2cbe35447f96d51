module greeter.example.com

go 1.26.0
