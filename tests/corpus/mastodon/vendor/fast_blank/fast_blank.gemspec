Gem::Specification.new do |s|
  s.name = "fast_blank"
  s.version = "1.0"
  s.summary = "blank"
  s.authors = ["A"]
  s.files = ["lib/fast_blank.rb"]
end
